import CPostgres
import Glibc

/// The rows that a statement gave, and how many it concerned.
package struct PostgresResult: Sendable {
    private let memory: ResultMemory

    init(_ memory: ResultMemory) { self.memory = memory }

    /// The number of rows that the statement inserted, updated, deleted or selected; 0 for any other.
    package var count: Int { memory.count }

    /// The command's tag, as in `COMMIT`.
    var tag: String { memory.tag }

    /// The rows, in the server's order.
    package var rows: [PostgresRow] { (0..<memory.rows).map { PostgresRow(memory, Int32($0)) } }
}

/// A `PGresult *`, cleared when nobody holds a row of it any more.
///
/// Unchecked: it is never changed once libpq has given it out, so every thread may read it.
@safe final class ResultMemory: @unchecked Sendable {
    let pointer: OpaquePointer

    init(takingOwnershipOf pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    var status: ExecStatusType { unsafe PQresultStatus(pointer) }

    var rows: Int { unsafe Int(PQntuples(pointer)) }

    var columns: Int { unsafe Int(PQnfields(pointer)) }

    /// The number in the command's tag, as in `UPDATE 3`.
    var count: Int { unsafe Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// The command's tag, as in `COMMIT`.
    var tag: String { unsafe String(cString: PQcmdStatus(pointer)) }

    /// Whether the command was one that begins a transaction.
    var beginsTransaction: Bool {
        guard let tag = unsafe PQcmdStatus(pointer) else { return false }
        return unsafe strcmp(tag, "BEGIN") == 0 || strcmp(tag, "START TRANSACTION") == 0
    }
}
