import HTTP
package import JSON
import Spelling

extension SoundRequest {
    /// Reads a create request and reports every problem at once.
    ///
    /// - Parameters:
    ///   - json: the body as it came.
    ///   - knownProviders: the configured names, for `provider` and `provider_options`; `nil` takes any name.
    /// - Throws: `InvalidRequest` with every problem, in the order of the contract's fields, unknown names last.
    package init(_ json: JSONValue, knownProviders: [String]?) throws(InvalidRequest) {
        guard let object = json.object else {
            throw InvalidRequest([
                Problem("", .wrongType, "the body must be a JSON object such as {\"prompt\": \"rain\"}")
            ])
        }
        var reader = FieldReader(object)
        self.init(prompt: reader.string(.prompt))
        reader.refuseUnknownMembers()
        readSound(&reader)
        readVoice(&reader)
        readRoute(&reader, knownProviders: knownProviders)
        readRest(&reader, knownProviders: knownProviders)
        readType(&reader)
        if !reader.problems.isEmpty { throw InvalidRequest(reader.problemsInOrder) }
    }

    private mutating func readSound(_ reader: inout FieldReader) {
        loop = reader.bool(.loop)
        bpm = reader.integer(.bpm, in: 1...300, unit: " beats per minute").map(Int.init)
        key = Self.readKey(&reader)
        duration = reader.number(.duration, in: 0.5...600, unit: " seconds")
        variations = reader.integer(.variations, in: 1...10).map(Int.init)
        promptInfluence = reader.number(.promptInfluence, in: 0...1)
        seed = reader.integer(.seed, in: Int64.min...Int64.max)
        format = reader.choice(.format)
        temporary = reader.bool(.temporary)
    }

    private mutating func readVoice(_ reader: inout FieldReader) {
        style = reader.string(.style)
        lyrics = reader.string(.lyrics)
        negativePrompt = reader.string(.negativePrompt)
        instrumental = reader.bool(.instrumental)
        vocalsOnly = reader.bool(.vocalsOnly)
        gender = reader.choice(.gender)
        voice = reader.string(.voice, maximum: 200)
        timedLyrics = reader.bool(.timedLyrics)
        if instrumental == true, vocalsOnly == true {
            reader.refuse(
                RequestField.vocalsOnly.rawValue,
                .conflict,
                "instrumental and vocals_only exclude each other; set one of them"
            )
        }
        let isPromptSaid = reader.value(.prompt) != nil
        let areWordsSaid = reader.value(.lyrics) != nil && reader.value(.style) != nil
        if !isPromptSaid, !areWordsSaid {
            reader.refuse(
                RequestField.prompt.rawValue,
                .required,
                "prompt is required, unless lyrics and style are both given; say what to hear"
            )
        }
    }

    private mutating func readType(_ reader: inout FieldReader) {
        let musical = RequestField.musical.filter { reader.value($0) != nil }
        let stated: SoundType? = reader.choice(.type)
        type = stated ?? (musical.isEmpty ? .effect : .music)
        guard stated == .effect else { return }
        // A switch that is off tells music from an effect when nothing else does, but asks an effect for nothing.
        for field in musical where reader.value(field) != false {
            reader.refuse(
                field.rawValue,
                .conflict,
                "\(field.rawValue) asks for music; leave type out or set it to \"music\""
            )
        }
    }

    private static func readKey(_ reader: inout FieldReader) -> MusicalKey? {
        guard let text = reader.string(.key, maximum: 40) else { return nil }
        if text.lowercased() == "any" { return nil }
        if let key = MusicalKey(text) { return key }
        reader.refuse(
            RequestField.key.rawValue,
            .unknownValue,
            "key must be a note with an optional mode, such as \"Am\", \"C#\", \"Bb minor\", or \"any\""
        )
        return nil
    }

    private mutating func readRoute(_ reader: inout FieldReader, knownProviders: [String]?) {
        let field = RequestField.provider.rawValue
        if let value = reader.value(.provider) {
            let names = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
            if names.isEmpty || (value.array.map { $0.count != names.count } ?? false) {
                reader.refuse(field, .wrongType, "provider must be a provider's name or a list of names")
            }
            for name in names {
                guard let knownProviders, !knownProviders.contains(name) else { continue }
                reader.refuse(
                    field,
                    .unknownValue,
                    "there is no provider \"\(name)\" here\(hint(for: name, among: knownProviders)); "
                        + "configured: \(knownProviders.joined(separator: ", "))"
                )
            }
            providers = names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        model = reader.string(.model, maximum: 200)
        accept = reader.choice(.accept)
        deadline = reader.number(.deadline, in: 1...86_400, unit: " seconds")
        readMaxCost(&reader)
    }

    private mutating func readMaxCost(_ reader: inout FieldReader) {
        guard let value = reader.value(.maxCost) else { return }
        let field = RequestField.maxCost.rawValue
        guard let object = value.object, let amount = object["amount"]?.double,
            let unit = object["unit"]?.string
        else {
            reader.refuse(
                field,
                .wrongType,
                "max_cost must be an object such as {\"amount\": 5, \"unit\": \"credits\"}"
            )
            return
        }
        if amount < 0 {
            reader.refuse("\(field).amount", .outOfRange, "max_cost.amount must not be negative")
        }
        for name in object.keys where name != "amount" && name != "unit" {
            reader.refuse(
                "\(field).\(name)",
                .unknownField,
                "max_cost has no field \"\(name)\"\(hint(for: name, among: ["amount", "unit"]))"
            )
        }
        maxCost = Cost.Amount(amount, unit)
    }

    private mutating func readRest(_ reader: inout FieldReader, knownProviders: [String]?) {
        webhookURL = Self.readWebhookURL(&reader)
        readMetadata(&reader)
        guard let value = reader.value(.providerOptions) else { return }
        let field = RequestField.providerOptions.rawValue
        guard let options = value.object else {
            reader.refuse(
                field,
                .wrongType,
                "provider_options must be an object from provider names to objects"
            )
            return
        }
        for member in options {
            let (name, value) = (member.key, member.value)
            if let knownProviders, !knownProviders.contains(name) {
                reader.refuse(
                    "\(field).\(name)",
                    .unknownValue,
                    "there is no provider \"\(name)\" here\(hint(for: name, among: knownProviders))"
                )
            }
            if value.object == nil {
                reader.refuse("\(field).\(name)", .wrongType, "\(field).\(name) must be an object")
            }
        }
        providerOptions = options
    }

    /// Whether the address is one that may be called is not asked here: that is the operator's to say.
    private static func readWebhookURL(_ reader: inout FieldReader) -> String? {
        guard let text = reader.string(.webhookURL, maximum: 2048) else { return nil }
        if HTTPURL(text) != nil { return text }
        reader.refuse(
            RequestField.webhookURL.rawValue,
            .invalid,
            "webhook_url must be an absolute http or https URL without user name and fragment, "
                + "such as \"https://example.com/hooks\""
        )
        return nil
    }

    private mutating func readMetadata(_ reader: inout FieldReader) {
        guard let value = reader.value(.metadata) else { return }
        let field = RequestField.metadata.rawValue
        guard let object = value.object else {
            reader.refuse(field, .wrongType, "metadata must be an object from strings to strings")
            return
        }
        if object.count > 16 {
            reader.refuse(field, .tooMany, "metadata has \(object.count) entries; at most 16 are kept")
        }
        for member in object {
            let (name, value) = (member.key, member.value)
            if name.unicodeScalars.count > 40 {
                reader.refuse(
                    "\(field).\(name.prefix(40))",
                    .tooLong,
                    "a metadata key has at most 40 characters"
                )
            }
            guard let text = value.string else {
                reader.refuse("\(field).\(name)", .wrongType, "metadata.\(name) must be a string")
                continue
            }
            if text.unicodeScalars.count > 500 {
                reader.refuse("\(field).\(name)", .tooLong, "metadata.\(name) has more than 500 characters")
            }
            metadata[name] = text
        }
    }
}
