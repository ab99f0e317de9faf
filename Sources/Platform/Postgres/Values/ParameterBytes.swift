/// The values of one statement as bytes: text ended by NUL, and blobs as they are.
///
/// libpq reads the lengths of binary parameters only: a text goes up to its first NUL.
@safe struct ParameterBytes: Sendable {
    private enum Place { case null, text(at: Int), binary(at: Int, count: Int) }

    /// What the protocol's 16 bits count.
    static let most = 65_535

    private var bytes: [UInt8] = []
    private var places: [Place] = []

    /// No values.
    init() {}

    init(_ values: [PostgresValue]) throws(PostgresError) {
        guard values.count <= Self.most else {
            throw PostgresError(.refused, "\(values.count) parameters, where \(Self.most) are the most")
        }
        places.reserveCapacity(values.count)
        for value in values { try append(value) }
    }

    private mutating func append(_ value: PostgresValue) throws(PostgresError) {
        let start = bytes.count
        switch value {
        case .null: return places.append(.null)
        case .blob(let blob):
            bytes.append(contentsOf: blob)
            return places.append(.binary(at: start, count: blob.count))
        case .bool(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .integer(let number): bytes.append(contentsOf: "\(number)".utf8)
        case .double(let number): bytes.append(contentsOf: Self.spelling(of: number).utf8)
        case .text(let text): bytes.append(contentsOf: text.utf8)
        case .texts(let texts): ArrayText.append(texts, to: &bytes)
        case .integers(let numbers): ArrayText.append(numbers, to: &bytes)
        }
        // A C string would end there, and half a text would be stored.
        guard !bytes[start...].contains(0) else {
            throw PostgresError(.refused, "a text with NUL, which PostgreSQL does not store")
        }
        bytes.append(0)
        places.append(.text(at: start))
    }

    private static func spelling(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return "\(number)"
    }

    /// Lends the values, their lengths and their formats, in the form of `PQsendQueryParams`.
    func withPointers<Result>(
        _ body: (Int32, [UnsafePointer<CChar>?], [Int32], [Int32]) -> Result
    ) -> Result {
        // An empty blob needs an address too: a null one is NULL.
        let bytes = bytes.isEmpty ? [0] : bytes
        return unsafe bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress
            var pointers: [UnsafePointer<CChar>?] = unsafe []
            var lengths: [Int32] = []
            var formats: [Int32] = []
            for place in places {
                let (offset, count, isBinary): (Int?, Int, Bool) =
                    switch place {
                    case .null: (nil, 0, false)
                    case .text(let offset): (offset, 0, false)
                    case .binary(let offset, let count): (offset, count, true)
                    }
                let pointer = unsafe offset.flatMap { offset in
                    unsafe start.map { unsafe ($0 + offset).assumingMemoryBound(to: CChar.self) }
                }
                unsafe pointers.append(pointer)
                lengths.append(Int32(clamping: count))
                formats.append(isBinary ? 1 : 0)
            }
            return unsafe body(Int32(places.count), pointers, lengths, formats)
        }
    }
}
