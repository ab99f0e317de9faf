/// A mapping while its entries come in: no key twice, merged entries behind the mapping's own.
struct YAMLMappingDraft {
    private var own: [YAMLMapping.Entry] = []
    private var merged: [YAMLMapping.Entry] = []
    private var places: [String: YAMLPosition] = [:]
    private var mergeKey: YAMLPosition?

    /// Adds an entry of the mapping's own.
    mutating func add(_ key: String, at position: YAMLPosition, value: YAMLNode) throws(YAMLError) {
        if let first = places.updateValue(position, forKey: key) {
            throw Self.duplicate(key, first, position)
        }
        own.append(YAMLMapping.Entry(key: key, keyPosition: position, value: value))
    }

    /// Takes `<<: *mapping` or `<<: [*first, *second]`, where an earlier mapping wins over a later one.
    mutating func merge(_ value: YAMLNode, at position: YAMLPosition) throws(YAMLError) {
        if let mergeKey { throw Self.duplicate("<<", mergeKey, position) }
        mergeKey = position
        for source in value.sequence ?? [value] {
            guard let mapping = source.mapping else {
                throw YAMLError(
                    position: source.position,
                    message: "<< takes a map or a list of maps, this is \(source.kind)"
                )
            }
            merged += mapping.entries
        }
    }

    /// The mapping: its own entries, then those merged ones that are new.
    func finished() -> YAMLMapping {
        var taken = Set(places.keys)
        return YAMLMapping(entries: own + merged.filter { taken.insert($0.key).inserted })
    }

    private static func duplicate(_ key: String, _ first: YAMLPosition, _ second: YAMLPosition) -> YAMLError {
        YAMLError(
            position: second,
            message: "the key \"\(key)\" is already there, at line \(first.line), column \(first.column)"
        )
    }
}
