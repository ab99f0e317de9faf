import HTTP
import JSON

/// One page of a list, as the vendor turns them: a limit, and the id after which the page begins.
struct VideoGenPage<Item> {
    private let items: [Item]
    private let next: String?

    /// The page that a query asks for: 50 items unless told, 200 at most (documented for endpoints).
    init(_ all: [Item], _ query: QueryParameters, id: (Item) -> String) throws(VideoGenRefusal) {
        let limit = query["limit"].map { Int($0) ?? 0 } ?? 50
        guard (1...200).contains(limit) else { throw .invalid("limit must be an integer from 1 to 200") }
        var rest = all[...]
        if let cursor = query["cursor"] {
            guard let index = all.firstIndex(where: { id($0) == cursor }) else {
                throw .invalid("cursor is not one of this list")
            }
            rest = all[(index + 1)...]
        }
        items = Array(rest.prefix(limit))
        next = rest.count > limit ? items.last.map(id) : nil
    }

    func json(_ name: String, _ item: (Item) -> JSONObject) -> JSONObject {
        var page = JSONObject()
        page[name] = .array(items.map { .object(item($0)) })
        page["hasMore"] = .bool(next != nil)
        page["nextCursor"] = JSONValue(orNull: next)
        return page
    }
}
