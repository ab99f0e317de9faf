import SQLite

/// A row of a result, whichever store it comes from.
///
/// What is read is read by the same code from every store. Inside the module that code is specialised for each kind of
/// row: nothing is boxed.
protocol LedgerRow: ~Copyable {
    func text(_ column: Int) -> String
    func int64(_ column: Int) -> Int64
    func int(_ column: Int) -> Int
    func double(_ column: Int) -> Double
    func blob(_ column: Int) -> [UInt8]
    func optionalText(_ column: Int) -> String?
    func optionalInt64(_ column: Int) -> Int64?
    func optionalDouble(_ column: Int) -> Double?
}

/// What is bound to a statement, whichever store it is for.
protocol LedgerValue: Sendable, Equatable {
    static var null: Self { get }
    static func integer(_ value: Int64) -> Self
    static func text(_ value: String) -> Self
    static func blob(_ value: [UInt8]) -> Self
    init(_ value: String?)
    init(_ value: Int64?)
    init(_ value: Double?)
}

extension Row: LedgerRow {}
extension SQLiteValue: LedgerValue {}
