import HTTP

/// A place in the trie: what may follow, and what answers here.
struct RouteNode: Sendable {
    struct Route: Sendable {
        let method: Method
        let pattern: String
        let names: [String]
        let handler: Handler
    }

    private var literals: [String: RouteNode] = [:]
    private var parameter: Indirect?
    private(set) var routes: [Route] = []

    /// Holds the one child under a parameter, for a struct cannot hold itself.
    private final class Indirect: Sendable {
        let node: RouteNode
        init(_ node: RouteNode) { self.node = node }
    }

    mutating func add(_ route: Route, at segments: ArraySlice<String>) {
        guard let first = segments.first else {
            routes.removeAll { $0.method == route.method }
            routes.append(route)
            return
        }
        if RouteNode.parameterName(first) != nil {
            var child = parameter?.node ?? RouteNode()
            child.add(route, at: segments.dropFirst())
            parameter = Indirect(child)
        } else {
            literals[first, default: RouteNode()].add(route, at: segments.dropFirst())
        }
    }

    /// The routes of the best match: a literal beats a parameter, and an empty segment fills no parameter.
    func match(_ segments: ArraySlice<String>, _ values: inout [String]) -> [Route]? {
        guard let first = segments.first else { return routes.isEmpty ? nil : routes }
        if let found = literals[first]?.match(segments.dropFirst(), &values) { return found }
        guard !first.isEmpty, let parameter else { return nil }
        values.append(first)
        if let found = parameter.node.match(segments.dropFirst(), &values) { return found }
        values.removeLast()
        return nil
    }

    /// `id` for `{id}`.
    static func parameterName(_ segment: String) -> String? {
        segment.hasPrefix("{") && segment.hasSuffix("}") ? String(segment.dropFirst().dropLast()) : nil
    }
}
