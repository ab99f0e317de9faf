import Assets
import Configuration
import Crypto
import Glibc
import SQLite
import Tasks
import Telemetry
import Threads

/// Holds the ledger and the folder of audio against each other, and mends what is safe.
enum DoctorCommand {
    private static let config = Option(
        "--config",
        value: "FILE",
        summary: "the configuration; without it, the built-in defaults"
    )
    private static let deep = Option("--deep", summary: "also read every file and check its content")
    private static let repair = Option("--repair", summary: "remove audio that no task has")

    static let command = Command(
        name: "doctor",
        summary: "check the ledger and the audio against each other while the gateway is stopped",
        details: """
            Checks the database, and that the audio of every output is there and as long as it was. Audio that no task
            has is left by a crash between two steps; --repair removes it. Nothing else is changed: audio that is gone
            or changed can only come back from a backup.

            With assets.s3 the audio is looked for in the bucket, by listing what is under the prefix; --deep fetches
            all of it. What is younger than an hour is no orphan there: another gateway may be about to use it. What
            still lies in assets.directory from before is not looked at; see storage copy-assets.

            Ends with 0 when all is well or mended, with 1 when something is not, with 69 when the database is in use.
            """,
        options: [config, deep, repair, .json],
        document: .like(DoctorReport.example),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        var configuration = GatewayConfiguration(adapters: GatewayConfiguration.knownAdapters)
        if let path = invocation.text(config) { configuration = try await ConfigurationFile.load(path) }
        let report = DoctorReport(isSilent: invocation.has(.json))
        if let postgres = configuration.storage.postgres {
            return try await SharedLedger.with(postgres.url.reveal { $0 }) { ledger in
                guard try await !ledger.isInUse() else {
                    throw CommandFailure(.unavailable, "the database is in use: stop every gateway first")
                }
                let isWell = try await examine(
                    ledger,
                    called: "PostgreSQL",
                    configuration.assets,
                    invocation,
                    report
                )
                return isWell ? .success : .failure
            }
        }
        let path = configuration.storage.sqlite.path
        // Opening would make one.
        guard access(path, F_OK) == 0 else {
            throw CommandFailure(.noInput, "there is no ledger at \(path)")
        }
        let ledger: SQLiteLedger
        do {
            ledger = try await SQLiteLedger(path: path)
        } catch let error as DatabaseOpeningError where error.isDamage {
            report.damaged(path, "\(error)", isWhole: true)
            report.note(LedgerDamage.advice)
            report.end(isWell: false)
            return .failure
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
        let isWell: Bool
        do {
            isWell = try await examine(ledger, called: path, configuration.assets, invocation, report)
        } catch {
            await ledger.close()
            throw CommandFailure(.failure, "\(error)")
        }
        await ledger.close()
        return isWell ? .success : .failure
    }

    /// Prints what is found, mends what may be; the result is whether all is well afterwards.
    private static func examine(
        _ ledger: any Caring & Ledger,
        called path: String,
        _ assets: AssetsConfiguration,
        _ invocation: Invocation,
        _ report: DoctorReport
    ) async throws -> Bool {
        try await DoctorAudio.with(assets, refers: { try await ledger.refers(to: $0) }) { audio in
            try await examine(ledger, called: path, audio, invocation, report)
        }
    }

    private static func examine(
        _ ledger: any Caring & Ledger,
        called path: String,
        _ audio: DoctorAudio,
        _ invocation: Invocation,
        _ report: DoctorReport
    ) async throws -> Bool {
        let damage = try await ledger.damage()
        for line in damage { report.damaged(path, line) }
        let counts = try await ledger.counts()
        report.ledger(path, tasks: counts.tasks, unfinished: counts.unfinished)
        let (files, young) = try await audio.files()
        let isDeep = invocation.has(deep)
        let examination = try await Examination(outputs: await ledger.keptOutputs(), files: files) { file in
            isDeep ? try await audio.isWhole(file) : true
        }
        report.audio(audio.name, files: files.count, isRead: isDeep)
        let findings = examination.findings.filter { finding in
            if case .orphan(let file) = finding { !young.contains(file) } else { true }
        }
        for finding in findings { report.found(finding) }
        let left = damage.count + findings.count
        let spared = examination.findings.count - findings.count
        if spared > 0 {
            report.note(
                "\(spared) without a task are younger than an hour, and may belong to a gateway at work"
            )
        }
        let orphans = examination.orphans.filter { !young.contains($0) }
        guard invocation.has(repair) else {
            if !orphans.isEmpty { report.note("\(orphans.count) can be removed with --repair") }
            report.end(isWell: left == 0)
            return left == 0
        }
        for orphan in orphans {
            try await audio.remove(orphan)
            report.removed(orphan.path)
        }
        report.end(isWell: left == orphans.count)
        return left == orphans.count
    }
}
