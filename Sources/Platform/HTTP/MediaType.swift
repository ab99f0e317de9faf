/// A media type with its parameters, as in `Content-Type`.
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    package struct Parameter: Hashable, Sendable {
        /// In lower case.
        package let name: String
        /// Without its quotes.
        package let value: String
    }

    /// In lower case.
    package let type: String
    /// In lower case.
    package let subtype: String
    package let parameters: [Parameter]

    /// Parses RFC 9110 section 8.3.1; `nil` when anything is malformed.
    package init?(_ text: String) {
        var scanner = FieldScanner(text)
        guard let type = scanner.token(), scanner.skip(0x2F), let subtype = scanner.token() else {
            return nil
        }
        var parameters: [Parameter] = []
        while scanner.skipBlanks(), !scanner.isAtEnd {
            guard scanner.skip(0x3B), scanner.skipBlanks() else { return nil }
            // RFC 9110 allows empty parameters: `text/plain;;charset=utf-8;`.
            guard let name = scanner.token() else { continue }
            guard scanner.skip(0x3D), let value = scanner.tokenOrQuoted() else { return nil }
            parameters.append(Parameter(name: name.asciiLowercased, value: value))
        }
        self.type = type.asciiLowercased
        self.subtype = subtype.asciiLowercased
        self.parameters = parameters
    }

    /// Type and subtype without the parameters.
    package var essence: String { "\(type)/\(subtype)" }

    /// Whether this is `application/json` or another type with the `+json` suffix.
    package var isJSON: Bool {
        type == "application" && (subtype == "json" || subtype.hasSuffix("+json"))
    }

    /// The value of a parameter, by its name in lower case.
    package subscript(parameter: String) -> String? { parameters.first { $0.name == parameter }?.value }

    package var description: String {
        parameters.reduce(essence) { text, parameter in
            let plain = !parameter.value.isEmpty && parameter.value.utf8.allSatisfy(ByteClass.token.contains)
            return text + "; \(parameter.name)=" + (plain ? parameter.value : quoted(parameter.value))
        }
    }

    private func quoted(_ value: String) -> String {
        var out = "\""
        for character in value.unicodeScalars {
            if character == "\"" || character == "\\" { out.append("\\") }
            out.unicodeScalars.append(character)
        }
        return out + "\""
    }
}
