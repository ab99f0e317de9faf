import JSON
import Testing

/// What the audit of a chaos run finds, over records that are made up.
@Suite struct ChaosAuditTests {
    private static let scale = ChaosScale(kills: 0, tasks: 1, seed: 1)
    private static let mark = ChaosOrder.mark(0)

    /// An attempt at MusicGPT, which the order with number 0 goes to first.
    private static func attempt(_ state: String, job: JSONValue = .null) -> JSONValue {
        ["provider": "musicgpt", "state": .string(state), "provider_task_id": job]
    }

    private static func task(
        _ attempts: [JSONValue] = [attempt("succeeded", job: "job-1")],
        _ status: String = "succeeded",
        id: String = "snd_1"
    ) -> JSONValue {
        [
            "id": .string(id), "status": .string(status), "request": ["prompt": .string("click, \(mark)")],
            "provider": "musicgpt", "operation": "sound", "attempts": .array(attempts),
            "outputs": status == "succeeded" ? [["index": 0, "status": "ready"]] : [],
            "error": status == "succeeded" ? .null : ["code": "acceptance_unknown"],
            "cost": ["amount": 0.99, "unit": "credits"],
        ]
    }

    /// A create as a double's log has it; it took a job when there is one.
    private static func create(_ job: JSONValue = .null) -> JSONValue {
        ["vendor": "musicgpt", "body": .string("prompt=\(mark)"), "task": job]
    }

    private static func job(_ id: String, fate: JSONValue = .null) -> JSONValue {
        ["id": .string(id), "fate": fate]
    }

    private func audit(
        _ tasks: [JSONValue],
        _ creates: [JSONValue],
        _ jobs: [JSONValue] = [job("job-1"), job("job-2")],
        answered: String? = "snd_1",
        _ change: (inout ChaosBook.State) -> Void = { _ in }
    ) -> ChaosAudit {
        var book = ChaosBook.State()
        book.tasks[Self.mark] = answered
        change(&book)
        return ChaosAudit(Self.scale, book, tasks: tasks, creates: creates, jobs: jobs)
    }

    @Test func recordsThatAgreeAreInOrder() {
        #expect(audit([Self.task()], [Self.create("job-1")]).wrongs.isEmpty)
        let lostAnswer = Self.task([Self.attempt("unknown")], "failed")
        #expect(audit([lostAnswer], [Self.create("job-1")]).wrongs.isEmpty)
        #expect(audit([lostAnswer], []).wrongs.isEmpty, "nobody can tell that nothing was sent")
        let second = Self.task([Self.attempt("failed"), Self.attempt("succeeded", job: "job-1")])
        #expect(audit([second], [Self.create(), Self.create("job-1")]).wrongs.isEmpty)
        #expect(audit([], [], answered: nil) { $0.open.insert(Self.mark) }.wrongs.isEmpty)
        #expect(audit([], [Self.create("job-1")]) { $0.deleted.insert("snd_1") }.wrongs.isEmpty)
    }

    @Test func aTaskThatWasAnsweredAndIsNotThereIsLost() {
        let audit = audit([], [Self.create("job-1")])
        #expect(audit.lost == 1)
        #expect(audit.wrongs.count == 1)
    }

    @Test func aTaskThatHasNotEndedIsStuck() {
        let audit = audit([Self.task([Self.attempt("accepted", job: "job-1")], "running")], [])
        #expect(audit.stuck == 1)
        #expect(!audit.wrongs.isEmpty)
    }

    @Test func oneKeyWithTwoTasksIsWrong() {
        let audit = audit([Self.task(), Self.task(id: "snd_2")], [Self.create("job-1")])
        #expect(audit.wrongs.count == 1)
    }

    @Test func moreCreatesThanAttemptsAreSentTwice() {
        let audit = audit([Self.task()], [Self.create(), Self.create("job-1")])
        #expect(audit.sentTwice == 1)
        #expect(audit.paidTwice == 0)
    }

    @Test func twoJobsForOneSoundArePaidTwiceUnlessTheVendorFailedOne() {
        let attempts = [
            Self.attempt("failed", job: "job-1"), Self.attempt("succeeded", job: "job-2"),
        ]
        let creates = [Self.create("job-1"), Self.create("job-2")]
        #expect(audit([Self.task(attempts)], creates).paidTwice == 1)
        let failed = [Self.job("job-1", fate: "failed"), Self.job("job-2")]
        #expect(audit([Self.task(attempts)], creates, failed).wrongs.isEmpty)
    }

    @Test func aSecondAttemptBehindOneThatMayBeTakenIsWrong() {
        let attempts = [Self.attempt("unknown"), Self.attempt("succeeded", job: "job-1")]
        let audit = audit([Self.task(attempts)], [Self.create(), Self.create("job-1")])
        #expect(audit.wrongs.count == 1)
    }

    @Test func aJobThatNoAttemptMayBeIsWrong() {
        let audit = audit([Self.task([Self.attempt("failed")], "failed")], [Self.create("job-1")])
        #expect(audit.wrongs.count == 1)
    }

    @Test func anotherTasksJobIsWrong() {
        let audit = audit([Self.task([Self.attempt("succeeded", job: "job-3")])], [Self.create("job-1")])
        #expect(!audit.wrongs.isEmpty)
    }
}
