import CJansson

extension JSONValue {
    /// Reads one strict RFC 8259 text: UTF-8 without a byte order mark, any value at the top, nothing behind it.
    ///
    /// Stricter than the RFC asks: a name that appears twice in one object is refused. So are names with U+0000 and
    /// numbers beyond the range of `Double`, which the C library cannot hold. Integers beyond `Int64` become
    /// ``number(_:)``.
    ///
    /// Arrays and objects may nest `maximumDepth` levels, but never more than 512, so that the C library's recursion
    /// fits any thread's stack. All of them together may hold `maximumValues` values: in memory a value takes a hundred
    /// times the two bytes that it can be written with.
    package init(
        parsing bytes: Span<UInt8>,
        maximumDepth: Int = 64,
        maximumValues: Int = usualValues
    ) throws(JSONError) {
        self = try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in
            try unsafe JSONValue(parsing: buffer, maximumDepth, maximumValues)
        }
    }

    /// How many values a text may have where nobody says otherwise: enough for what we have written ourselves.
    package static let usualValues = 1_000_000

    /// Reads one strict RFC 8259 text.
    package init(
        parsing bytes: [UInt8],
        maximumDepth: Int = 64,
        maximumValues: Int = usualValues
    ) throws(JSONError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth, maximumValues: maximumValues)
    }

    /// Reads one strict RFC 8259 text.
    package init(
        parsing bytes: RawSpan,
        maximumDepth: Int = 64,
        maximumValues: Int = usualValues
    ) throws(JSONError) {
        self = try unsafe bytes.withUnsafeBytes { (buffer) throws(JSONError) in
            try unsafe JSONValue(
                parsing: buffer.assumingMemoryBound(to: UInt8.self),
                maximumDepth,
                maximumValues
            )
        }
    }

    /// Reads one strict RFC 8259 text.
    package init(
        parsing text: String,
        maximumDepth: Int = 64,
        maximumValues: Int = usualValues
    ) throws(JSONError) {
        try self.init(parsing: Array(text.utf8), maximumDepth: maximumDepth, maximumValues: maximumValues)
    }

    private init(parsing buffer: UnsafeBufferPointer<UInt8>, _ maximumDepth: Int, _ maximumValues: Int)
        throws(JSONError)
    {
        try unsafe NestingScan.check(
            buffer,
            maximumDepth: min(maximumDepth, 512),
            maximumValues: maximumValues
        )
        var error = json_error_t()
        if let root = unsafe JSONValue.load(buffer, &error) {
            defer { unsafe json_decref(root) }
            self = unsafe JSONValue(converting: root)
            return
        }
        // libjansson refuses integers that do not fit its own type; said with an exponent they are reals to it.
        if unsafe soundgate_json_is_overflow(&error) != 0, let reals = unsafe IntegerScan.withReals(buffer) {
            let root = unsafe reals.withUnsafeBufferPointer { unsafe JSONValue.load($0, &error) }
            if let root = unsafe root {
                defer { unsafe json_decref(root) }
                self = unsafe JSONValue(converting: root)
                return
            }
        }
        throw JSONError(error)
    }

    /// The caller owns the reference that comes back.
    private static func load(
        _ buffer: UnsafeBufferPointer<UInt8>,
        _ error: inout json_error_t
    ) -> UnsafeMutablePointer<json_t>? {
        let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL
        guard let start = buffer.baseAddress else {
            // A null address would be told "wrong arguments", which is no answer to an empty body.
            return unsafe json_loads("", Int(flags), &error)
        }
        return unsafe start.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
            unsafe json_loadb($0, buffer.count, Int(flags), &error)
        }
    }

    /// Copies out of a value that the caller still owns.
    fileprivate init(converting value: UnsafeMutablePointer<json_t>) {
        switch unsafe soundgate_json_type(value) {
        case JSON_OBJECT: self = unsafe .object(JSONObject(converting: value))
        case JSON_ARRAY:
            let count = unsafe json_array_size(value)
            var elements: [JSONValue] = []
            elements.reserveCapacity(count)
            while elements.count < count, let element = unsafe json_array_get(value, elements.count) {
                elements.append(unsafe JSONValue(converting: element))
            }
            self = .array(elements)
        case JSON_STRING:
            self = unsafe .string(
                String(converting: json_string_value(value), count: json_string_length(value))
            )
        case JSON_INTEGER: self = unsafe .integer(json_integer_value(value))
        case JSON_REAL: self = unsafe .number(json_real_value(value))
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        default: self = .null
        }
    }
}

extension JSONObject {
    /// Walks the C object in its insertion order, which is the order of the text.
    fileprivate init(converting object: UnsafeMutablePointer<json_t>) {
        var members: [Member] = []
        members.reserveCapacity(unsafe json_object_size(object))
        var place = unsafe json_object_iter(object)
        while let current = unsafe place, let value = unsafe json_object_iter_value(current) {
            let key = unsafe String(
                converting: json_object_iter_key(current),
                count: json_object_iter_key_len(current)
            )
            members.append(Member(key: key, value: unsafe JSONValue(converting: value)))
            unsafe place = unsafe json_object_iter_next(object, current)
        }
        self.init(members: members)
    }
}

extension String {
    /// The C library has checked the encoding already; this is the one check of ours.
    fileprivate init(converting start: UnsafePointer<CChar>?, count: Int) {
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        self = unsafe String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONError {
    fileprivate init(_ error: json_error_t) {
        var error = error
        let text = unsafe withUnsafePointer(to: &error) {
            unsafe String(cString: soundgate_json_error_text($0))
        }
        // "invalid token near 'secret'": the tail quotes the input.
        let end = text.firstRange(of: " near ")?.lowerBound ?? text.endIndex
        self.init(
            line: max(1, Int(error.line)),
            column: max(0, Int(error.column)),
            offset: max(0, Int(error.position)),
            message: String(text[..<end])
        )
    }
}
