import Audit
import Providers
import Sound
import Telemetry
import Timing

/// What is recorded, and measured, of the calls that vendors charge for.
extension Engine {
    /// What became of a create.
    enum CallOutcome: String {
        /// The vendor took a job.
        case accepted
        /// The vendor answered with the audio itself.
        case delivered
        case refused
        /// Surely nothing left.
        case notSent = "not_sent"
        /// Nobody can tell whether the vendor took it.
        case unknown
    }

    /// Records that a create is about to be sent; its time begins.
    func auditCall(_ attempt: AttemptRecord, of id: TaskID) {
        creates[Create(task: id, attempt: attempt.number)] = parts.time.instant
        parts.audit("vendor_call", auditFields(attempt, of: id))
    }

    /// Records what became of a create, and how long that took.
    func auditAnswer(
        _ outcome: CallOutcome,
        _ attempt: AttemptRecord,
        of id: TaskID,
        _ fields: LogFields = [:]
    ) {
        if let began = creates.removeValue(forKey: Create(task: id, attempt: attempt.number)) {
            let spent = parts.time.instant &- began
            parts.metrics.submitted(attempt.name, outcome.rawValue, nanoseconds: spent)
        }
        parts.audit(
            "vendor_answer",
            auditFields(attempt, of: id).adding(["outcome": "\(outcome.rawValue)"]).adding(fields)
        )
    }

    /// Records that a vendor answered with audio.
    func auditDelivery(_ receipt: AudioReceipt, _ attempt: AttemptRecord, of id: TaskID) {
        auditAnswer(.delivered, attempt, of: id, ["provider_task_id": receipt.id.map { "\($0)" }])
    }

    /// Records that a vendor is about to be asked to stop a job.
    func auditCancel(_ attempt: AttemptRecord, _ jobID: String, of id: TaskID) {
        parts.audit(
            "vendor_cancel",
            auditFields(attempt, of: id).adding(["provider_task_id": "\(jobID)"])
        )
    }

    private func auditFields(_ attempt: AttemptRecord, of id: TaskID) -> LogFields {
        let client = live[id]?.machine.record.client ?? board.record(id)?.client
        return [
            "task": "\(id)", "client": client.map { "\($0)" }, "attempt": .init(attempt.number),
            "provider": "\(attempt.name.provider)", "operation": "\(attempt.name.operation)",
            "key": attempt.credential.map { "\($0)" },
        ]
    }
}
