import HTTP
import HTTPServer
import JSON

/// What a call is for, in words that all vendors share.
enum VendorOperation: String, Sendable, CaseIterable {
    case create, poll, cancel, credits, asset
    /// About a result file, but not the file itself.
    case file
    /// Where the account's callbacks are to go.
    case registration
    /// The words of a finished task with their times, asked for apart.
    case lyrics
    /// A call that the double makes, not one that it takes.
    case callback
    /// A path or method that the vendor does not have.
    case unknown
}

/// A stand-in for one vendor's API, under a path of its own.
///
/// A new vendor is a folder with a type of this kind and a line in ``EmulatorHost``.
protocol VendorDouble: Sendable {
    /// The vendor's id, which is also the first segment of its paths.
    var name: String { get }
    /// The address that the double stands in for.
    var imitates: String { get }
    /// Faults that only this vendor knows, besides those that every double plays.
    var faults: [VendorOperation: [FaultKind]] { get }

    /// Adds all routes, each beginning with the vendor's name.
    func addRoutes(to router: inout Router)
    /// What the vendor answers at a path that it does not have (404) or with a method it does not take (405).
    func unrouted(_ request: Request, _ status: Status) async -> Response

    /// The switches as they stand.
    var settings: JSONObject { get }
    /// Turns switches; all of them or, when one is wrong, none.
    func change(_ settings: JSONObject) throws(ControlError)
    /// How many jobs were accepted since the start or the last reset.
    var acceptedCount: Int { get }
    /// The newest jobs, oldest of them first, as the control route shows them.
    func tasks(last limit: Int) -> [JSONValue]
    /// Forgets all jobs and turns all switches back.
    func reset()
}
