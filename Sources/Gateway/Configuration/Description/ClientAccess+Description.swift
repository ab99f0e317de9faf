import JSON
import YAML

extension Shape<ClientAccess> {
    /// The word `open`, or a list of clients.
    static var clientAccess: Shape {
        let list = Shape<[Client]>.list(of: .client, unique: ("name", \.name))
        let comparison = Comparison<ClientAccess> { old, new, path in
            guard case .listed(let old) = old, case .listed(let new) = new, let list = list.comparison else {
                return Comparison.whole.changes(old, new, path)
            }
            return list.changes(old, new, path)
        }
        return Shape(schema: ["anyOf": [["const": "open"], list.schema]], comparison: comparison) {
            node,
            path,
            reader in
            if node.isNull { return .loopbackOnly }
            if node.scalar != nil {
                guard let text = reader.text(node, path) else { return nil }
                if text.text == "open" { return .open }
                reader.report(
                    node.position,
                    path,
                    "\(text.shown) is not a list of clients",
                    remedy: "list them, or write open to serve anybody without a key"
                )
                return nil
            }
            guard let clients = list.read(node, path, reader) else { return nil }
            guard !clients.isEmpty || reader.hasProblem(within: path) else {
                reader.report(
                    node.position,
                    path,
                    "is an empty list",
                    remedy: "list a client, or write open to serve anybody without a key"
                )
                return nil
            }
            return .listed(clients)
        }
    }
}
