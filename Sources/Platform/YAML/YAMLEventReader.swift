import CYAML

/// `yaml_parser_t` over a text of its own, deleted when it goes out of scope.
@safe struct YAMLEventReader: ~Copyable {
    // The parser points into itself (its own read handler's data) and at the text, so both need a fixed address.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let text: UnsafeMutableBufferPointer<UInt8>

    /// Copies the text.
    init(_ bytes: borrowing [UInt8]) throws(YAMLError) {
        unsafe parser = .allocate(capacity: 1)
        unsafe text = .allocate(capacity: bytes.count)
        _ = unsafe text.initialize(from: copy bytes)
        // "Returns 1 if the function succeeded, 0 on error"; the only error is a lack of memory, and it zeroes the
        // struct first, so that deleting it is right either way.
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(position: YAMLPosition(line: 1, column: 1), message: "out of memory")
        }
        // Without this libyaml would take a UTF-16 byte order mark at its word.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, text.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe text.deallocate()
    }

    /// The next event; the start of the stream is skipped.
    mutating func next() throws(YAMLError) -> YAMLEvent {
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            // "An application must free any buffers associated with the produced event object".
            defer { unsafe yaml_event_delete(&event) }
            let position = unsafe Self.position(event.start_mark)
            if let kind = try unsafe Self.kind(of: event, at: position) {
                return YAMLEvent(position: position, kind: kind)
            }
        }
    }

    private static func kind(
        of event: yaml_event_t,
        at position: YAMLPosition
    ) throws(YAMLError) -> YAMLEvent.Kind? {
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return unsafe .alias(string(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            try unsafe refuseTag(start.tag, at: position)
            return unsafe .sequenceStart(anchor: string(start.anchor))
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            try unsafe refuseTag(start.tag, at: position)
            return unsafe .mappingStart(anchor: string(start.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try unsafe refuseTag(scalar.tag, at: position)
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                text: String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: string(scalar.anchor)
            )
        default: return nil
        }
    }

    private static func refuseTag(
        _ tag: UnsafeMutablePointer<yaml_char_t>?,
        at position: YAMLPosition
    ) throws(YAMLError) {
        guard unsafe tag != nil else { return }
        throw YAMLError(
            position: position,
            message: "tags such as !!str or !name are not supported; write the value alone"
        )
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe text.map { unsafe String(cString: $0) }
    }

    private static func position(_ mark: yaml_mark_t) -> YAMLPosition {
        YAMLPosition(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private func failure() -> YAMLError {
        guard let problem = unsafe parser.pointee.problem.map({ unsafe String(cString: $0) }) else {
            return YAMLError(position: Self.position(unsafe parser.pointee.mark), message: "out of memory")
        }
        guard unsafe parser.pointee.error != YAML_READER_ERROR else {
            // A reader's error has a byte offset and no mark.
            return YAMLError(
                position: position(ofByte: unsafe parser.pointee.problem_offset),
                message: problem
            )
        }
        var context = unsafe parser.pointee.context.map { unsafe " \(String(cString: $0))" } ?? ""
        let begin = unsafe Self.position(parser.pointee.context_mark)
        // Where an open bracket or quote stands tells more than the end of the text, where it was missed.
        if context.contains(" a ") { context += " that begins at line \(begin.line), column \(begin.column)" }
        return YAMLError(
            position: Self.position(unsafe parser.pointee.problem_mark),
            message: problem + context
        )
    }

    private func position(ofByte offset: Int) -> YAMLPosition {
        var line = 1
        var column = 1
        for byte in unsafe Array(text.prefix(offset)) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return YAMLPosition(line: line, column: column)
    }
}
