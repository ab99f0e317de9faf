/// Text from elsewhere without what a terminal would obey: control characters become spaces.
func printable(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
        scalars.append(isControl ? " " : scalar)
    }
    return String(scalars)
}
