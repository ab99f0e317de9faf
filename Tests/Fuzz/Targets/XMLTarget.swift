import S3

extension FuzzTarget {
    /// What an object store answers has few elements, none deep, and is the same when it is read again.
    static let xml = FuzzTarget("XML") { bytes in
        guard let root = try? XMLElement(parsing: bytes) else { return }
        var (elements, left) = (0, [(root, 1)])
        while let (element, depth) = left.popLast() {
            elements += 1
            precondition(depth <= 12, "an element at depth \(depth)")
            precondition(!element.name.isEmpty, "an element without a name")
            precondition(element.children.isEmpty || element.text.isEmpty, "text beside elements")
            left += element.children.map { ($0, depth + 1) }
        }
        precondition(elements <= bytes.count, "more elements than bytes")
        precondition((try? XMLElement(parsing: bytes)) == root, "another document the second time")
    }
}
