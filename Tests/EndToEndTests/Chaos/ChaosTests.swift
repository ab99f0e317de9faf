import Crypto
import Glibc
import JSON
import Testing

/// A gateway that is killed again and again while callers, vendors and chance do their worst.
///
/// All vendors' doubles run in a process that lives through everything, and misbehave at random (``ChaosFaults``). The
/// gateway is killed with `SIGKILL`, at random moments, and started anew on what it has left: at work, while it starts, and
/// while it stops as it was asked to. The orders
/// (``ChaosOrder``) go to every operation of every vendor and to the synthesizer. Some tasks are canceled, some deleted;
/// a create that is cut off is sent again where it has an `Idempotency-Key`. In the end this holds:
///
/// 1. *Nothing is lost.* Each create that was answered with a task has that task, unless it was deleted; each key has one
///    task and no more, and each order without a key at most one.
/// 2. *Nothing is stuck.* Each task has ended, with audio or with a reason; none of its attempts is `intended` or
///    `accepted`, none of its takes pending. Audio that is ready is served, whole, under the hash that the task tells.
/// 3. *Nothing is sent twice.* For each task and vendor the double has seen no more creates than the task has attempts
///    there. Each attempt that names a job names one that the double took for this very task, no two name the same, and
///    jobs that none names are no more than the vendor's attempts that are `unknown`, or were canceled before an answer.
///    Where the sound takes one call, an attempt follows another only when that has `failed`, or was put off unsent.
/// 4. *Nothing is paid twice.* For each order the jobs that vendors took, less those that the vendors failed themselves
///    and said so, are no more than the calls that the sound takes: so no second call is made for a sound while an
///    earlier one was taken, or may have been. A task does not cost more than its jobs.
/// 5. *Nothing goes untold.* The address of each task that has one is told of its end, in order behind what went before.
///    A message that comes again has its first id and its first content.
/// 6. *Nothing lies around.* The stopped gateway's folder is in order by `soundgate doctor --deep`, but for audio that a
///    kill has left between the disk and the ledger: such orphans are counted, and gone after `--repair`.
@Suite struct ChaosTests {
    @Test func nothingIsLostStuckOrPaidTwiceHoweverOftenTheGatewayIsKilled() async throws {
        let scale = ChaosScale.asked
        print("chaos: \(scale.kills) kills, \(scale.tasks) orders, SOUNDGATE_CHAOS_SEED=\(scale.seed)")
        try await ChaosHouse.with(scale) { house in
            var run = ChaosRun(house, scale)
            var evidence = ChaosEvidence(scale)
            do {
                let (program, gateway) = try await run.run()
                defer { program.send(SIGKILL) }
                try await evidence.take(from: run.witnesses, gateway)
                evidence.expect(await program.stop() == 0, "the gateway did not stop in order")
                try await evidence.takeFolder(of: house)
            } catch {
                evidence.expect(false, "\(error)")
            }
            evidence.deaths = run.deaths
            print(evidence)
            guard !evidence.wrongs.isEmpty || scale.keepsAll else { return }
            let place = try house.preserve(evidence.json, seed: scale.seed)
            guard !evidence.wrongs.isEmpty else { return print("chaos: kept in \(place)") }
            let shown = evidence.wrongs.prefix(5).joined(separator: "\n")
            Issue.record("seed \(scale.seed), \(evidence.wrongs.count) wrongs, kept in \(place):\n\(shown)")
        }
    }
}
