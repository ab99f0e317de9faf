import CSQLite
import Threads

/// Runs batches of jobs on the one writing connection, each batch in one transaction.
///
/// Each job has a savepoint, so that a job that fails takes back its own changes and nobody else's, and runs exactly
/// once. A savepoint costs a few microseconds; running a spoilt batch again would cost more and run jobs twice.
final class BatchWriter {
    private let connection: Connection
    private let options: Database.Options
    private let statistics: Guarded<WriteStatistics>
    /// Whether the last batch had a job that the disk had no room for.
    private(set) var isShortOfRoom = false

    init(
        _ connection: Connection,
        statistics: Guarded<WriteStatistics>,
        options: Database.Options
    ) {
        self.connection = connection
        self.statistics = statistics
        self.options = options
    }

    /// Runs the jobs, commits, and only then lets the callers go on.
    func write(_ batch: [any WriteJob]) {
        let started = ContinuousClock.now
        var failures = [(any Error)?](repeating: nil, count: batch.count)
        var isCommitted = false
        do {
            isCommitted = try transact(batch, &failures)
        } catch {
            rollBack()
            failures = Array(repeating: error, count: batch.count)
        }
        let failed = failures.count { $0 != nil }
        isShortOfRoom = failed > 0 && failures.contains { ($0 as? SQLiteError)?.isFull ?? false }
        let duration = ContinuousClock.now - started
        statistics.withLock {
            if isCommitted { $0.commits += 1 }
            $0.jobs += batch.count
            $0.failedJobs += failed
            $0.largestBatch = max($0.largestBatch, batch.count)
            $0.lastBatchDuration = duration
        }
        options.written?(WrittenBatch(jobs: batch.count, duration: duration, isCommitted: isCommitted))
        for (job, failure) in zip(batch, failures) { job.finish(failure) }
    }

    /// Runs and commits the batch; throws when all of it is lost, `false` when there was nothing to commit.
    private func transact(_ batch: [any WriteJob], _ failures: inout [(any Error)?]) throws -> Bool {
        try connection.run("BEGIN IMMEDIATE")
        connection.expectsTransaction = true
        defer { connection.expectsTransaction = false }
        for (index, job) in batch.enumerated() {
            do {
                if batch.count == 1 {
                    try job.run(on: connection)
                } else {
                    try connection.savepoint { try job.run(on: connection) }
                }
            } catch {
                failures[index] = error
                // A full disk may have taken the whole transaction with it: then this is everybody's error.
                if !connection.isInTransaction { throw error }
            }
            try connection.requireTransaction()
        }
        guard failures.contains(where: { $0 == nil }) else {
            rollBack()
            return false
        }
        try options.beforeCommit?()
        try connection.run("COMMIT")
        return true
    }

    private func rollBack() {
        connection.expectsTransaction = false
        guard connection.isInTransaction else { return }
        // "If the transaction has already been rolled back automatically … ROLLBACK will fail with an error, but no
        // harm is caused by this", and `isInTransaction` has just ruled that out.
        do { try connection.run("ROLLBACK") } catch { assertionFailure("ROLLBACK failed: \(error)") }
    }
}

/// What the writer has done since the database was opened.
package struct WriteStatistics: Sendable {
    /// Transactions that are on disk.
    package var commits = 0
    /// Jobs that ran, failed ones included.
    package var jobs = 0
    /// Jobs whose callers got an error.
    package var failedJobs = 0
    /// The most jobs in one transaction.
    package var largestBatch = 0
    /// Times that the write-ahead log was copied into the file.
    package var checkpoints = 0
    /// Times that copying failed or was kept from its end by a reader; the log keeps what was not copied.
    package var failedCheckpoints = 0
    /// How long the last batch took, from its first job to the end of its commit.
    package var lastBatchDuration: Duration = .zero
}

/// What came of a batch, for those who measure.
package struct WrittenBatch: Sendable {
    /// Changes that shared the transaction.
    package let jobs: Int
    /// From the first of them to the end of the commit.
    package let duration: Duration
    /// Whether at least one of them is on the disk.
    package let isCommitted: Bool
}
