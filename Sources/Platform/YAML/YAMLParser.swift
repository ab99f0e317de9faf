/// Builds the tree of one document from its events.
struct YAMLParser: ~Copyable {
    private var events: YAMLEventReader
    private let limits: YAMLLimits
    private var nodes = 0
    private var anchors: [String: Measured] = [:]
    private var openAnchors: Set<String> = []

    /// A value, the number of values in it and the lists and maps within each other.
    private struct Measured {
        let node: YAMLNode
        let count: Int
        let depth: Int
    }

    init(_ bytes: [UInt8], limits: YAMLLimits) throws(YAMLError) {
        events = try YAMLEventReader(bytes)
        self.limits = limits
    }

    /// The document; an empty text is `null`.
    mutating func document() throws(YAMLError) -> YAMLNode {
        let start = try events.next()
        guard case .documentStart = start.kind else {
            return YAMLNode(position: start.position, content: .scalar(YAMLScalar(text: "", style: .plain)))
        }
        let root = try value(events.next(), depth: 0).node
        _ = try events.next()
        let end = try events.next()
        guard case .streamEnd = end.kind else {
            throw YAMLError(
                position: end.position,
                message: "a second document begins here; only one is allowed"
            )
        }
        return root
    }

    private mutating func value(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> Measured {
        let position = event.position
        switch event.kind {
        case .scalar(let text, let isPlain, let anchor):
            try count(1, at: position)
            let scalar = YAMLScalar(text: text, style: isPlain ? .plain : .quoted)
            return keep(
                Measured(node: YAMLNode(position: position, content: .scalar(scalar)), count: 1, depth: 0),
                as: anchor
            )
        case .sequenceStart(let anchor):
            try open(anchor, depth: depth, at: position)
            return keep(try sequence(at: position, depth: depth + 1), as: anchor)
        case .mappingStart(let anchor):
            try open(anchor, depth: depth, at: position)
            return keep(try mapping(at: position, depth: depth + 1), as: anchor)
        case .alias(let name):
            return try replacement(for: name, depth: depth, at: position)
        case .documentStart, .documentEnd, .streamEnd, .sequenceEnd, .mappingEnd:
            // libyaml's grammar never puts these where a value belongs.
            throw YAMLError(position: position, message: "a value is missing")
        }
    }

    private mutating func sequence(at position: YAMLPosition, depth: Int) throws(YAMLError) -> Measured {
        var elements: [YAMLNode] = []
        var size = 1
        var height = 0
        while true {
            let event = try events.next()
            if case .sequenceEnd = event.kind { break }
            let element = try value(event, depth: depth)
            elements.append(element.node)
            size += element.count
            height = max(height, element.depth)
        }
        return Measured(
            node: YAMLNode(position: position, content: .sequence(elements)),
            count: size,
            depth: height + 1
        )
    }

    private mutating func mapping(at position: YAMLPosition, depth: Int) throws(YAMLError) -> Measured {
        var draft = YAMLMappingDraft()
        var size = 1
        var height = 0
        while true {
            let event = try events.next()
            if case .mappingEnd = event.kind { break }
            guard case .scalar(let key, let isPlain, nil) = event.kind else {
                throw YAMLError(
                    position: event.position,
                    message: "a key must be text, without an anchor or an alias"
                )
            }
            let value = try value(events.next(), depth: depth)
            size += value.count
            height = max(height, value.depth)
            if isPlain, key == "<<" {
                try draft.merge(value.node, at: event.position)
            } else {
                try draft.add(key, at: event.position, value: value.node)
            }
        }
        return Measured(
            node: YAMLNode(position: position, content: .mapping(draft.finished())),
            count: size,
            depth: height + 1
        )
    }

    // MARK: Limits and anchors

    private mutating func count(_ more: Int, at position: YAMLPosition) throws(YAMLError) {
        nodes += more
        guard nodes <= limits.nodes else {
            throw YAMLError(
                position: position,
                message: "more than \(limits.nodes) values, those of aliases included"
            )
        }
    }

    private func checkDepth(_ depth: Int, at position: YAMLPosition) throws(YAMLError) {
        guard depth <= limits.depth else {
            throw YAMLError(
                position: position,
                message: "more than \(limits.depth) lists and maps within each other"
            )
        }
    }

    private mutating func open(_ anchor: String?, depth: Int, at position: YAMLPosition) throws(YAMLError) {
        try checkDepth(depth + 1, at: position)
        try count(1, at: position)
        if let anchor { openAnchors.insert(anchor) }
    }

    private mutating func keep(_ value: Measured, as anchor: String?) -> Measured {
        if let anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = value
        }
        return value
    }

    private mutating func replacement(
        for name: String,
        depth: Int,
        at position: YAMLPosition
    ) throws(YAMLError) -> Measured {
        guard !openAnchors.contains(name) else {
            throw YAMLError(position: position, message: "*\(name) stands within the value that it means")
        }
        guard let value = anchors[name] else {
            throw YAMLError(position: position, message: "*\(name) is used before any &\(name)")
        }
        try checkDepth(depth + value.depth, at: position)
        try count(value.count, at: position)
        return Measured(
            node: YAMLNode(position: position, content: value.node.content),
            count: value.count,
            depth: value.depth
        )
    }
}
