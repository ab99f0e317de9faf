/// The length in seconds that a prompt asks for in words, such as "4 seconds long", "2.5 sec" or "a 30-second loop".
///
/// Vendors without a field for the length read it from there. The first one counts; `nil` without any, and for lengths
/// that make no sense.
func spokenLength(in prompt: String) -> Double? {
    let words = prompt.lowercased().split { !($0.isLetter || $0.isNumber || $0 == ".") }
    for (word, next) in zip(words, words.dropFirst())
    where ["second", "seconds", "sec", "secs", "s"].contains(next) || next.hasPrefix("second.") {
        if let seconds = Double(word), (0.5...240).contains(seconds) { return seconds }
    }
    return nil
}
