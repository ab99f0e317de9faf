/// What is counted of tasks: whole numbers that are added up, so that adding and taking back in any order comes out even.
package struct UsageFigures: Sendable, Equatable {
    /// Tasks that are, or at last were, on their way at the operation.
    package var tasks: Int64 = 0
    package var succeeded: Int64 = 0
    package var failed: Int64 = 0
    package var canceled: Int64 = 0
    /// Calls that were made or begun, whatever came of them.
    package var attempts: Int64 = 0
    /// Takes that were ready.
    package var outputs: Int64 = 0
    /// How long those takes are together.
    package var audioMilliseconds: Int64 = 0
    /// What the calls that are to be paid for were reckoned to cost beforehand, in millionths of a unit.
    package var estimated: Int64 = 0
    /// What vendors have said that calls cost, in millionths of a unit.
    package var actual: Int64 = 0
    /// What the vendor said where it said anything, and the estimate where it did not, in millionths of a unit.
    package var total: Int64 = 0

    /// Nothing.
    package init() {}

    /// Tasks that have not ended.
    package var running: Int64 { tasks - succeeded - failed - canceled }

    package static func += (a: inout UsageFigures, b: UsageFigures) { a.add(b, 1) }
    package static func -= (a: inout UsageFigures, b: UsageFigures) { a.add(b, -1) }

    private mutating func add(_ other: UsageFigures, _ sign: Int64) {
        tasks += sign * other.tasks
        succeeded += sign * other.succeeded
        failed += sign * other.failed
        canceled += sign * other.canceled
        attempts += sign * other.attempts
        outputs += sign * other.outputs
        audioMilliseconds += sign * other.audioMilliseconds
        estimated += sign * other.estimated
        actual += sign * other.actual
        total += sign * other.total
    }
}

extension UsageFigures {
    /// In the order of the ledger's columns.
    var columns: [Int64] {
        [
            tasks, succeeded, failed, canceled, attempts, outputs, audioMilliseconds, estimated, actual,
            total,
        ]
    }

    /// From the ledger's columns; those that are missing at the end are zero.
    init(columns: some Collection<Int64>) {
        var rest = columns[...]
        let next = { rest.popFirst() ?? 0 }
        tasks = next()
        succeeded = next()
        failed = next()
        canceled = next()
        attempts = next()
        outputs = next()
        audioMilliseconds = next()
        estimated = next()
        actual = next()
        total = next()
    }
}
