import Assets
import Configuration
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

            Ends with 0 when all is well or mended, with 1 when something is not, with 69 when the database is in use.
            """,
        options: [config, deep, repair, .json],
        document: .like(DoctorReport.example),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        var configuration = GatewayConfiguration(adapters: GatewayConfiguration.knownAdapters)
        do {
            if let path = invocation.text(config) { configuration = try await ConfigurationFile.load(path) }
        } catch let problems as ConfigurationProblems {
            Console.note(problems.description)
            return .configuration
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
            let report = DoctorReport(isSilent: invocation.has(.json))
            report.damaged(path, "\(error)", isWhole: true)
            report.note(LedgerDamage.advice)
            report.end(isWell: false)
            return .failure
        } catch {
            throw CommandFailure(.unavailable, "\(error)")
        }
        let isWell: Bool
        do {
            isWell = try await examine(ledger, at: path, configuration.assets.directory, invocation)
        } catch {
            await ledger.close()
            throw CommandFailure(.failure, "\(error)")
        }
        await ledger.close()
        return isWell ? .success : .failure
    }

    /// Prints what is found, mends what may be; the result is whether all is well afterwards.
    private static func examine(
        _ ledger: SQLiteLedger,
        at path: String,
        _ directory: String,
        _ invocation: Invocation
    ) async throws -> Bool {
        let report = DoctorReport(isSilent: invocation.has(.json))
        let damage = try await ledger.damage()
        for line in damage { report.damaged(path, line) }
        let counts = try await ledger.counts()
        report.ledger(path, tasks: counts.tasks, unfinished: counts.unfinished)
        let folder = AssetFolder(directory)
        let files = try folder.files()
        let isDeep = invocation.has(deep)
        let examination = try Examination(outputs: await ledger.keptOutputs(), files: files) { file in
            isDeep ? try folder.isWhole(file) : true
        }
        report.audio(directory, files: files.count, isRead: isDeep)
        for finding in examination.findings { report.found(finding) }
        var left = damage.count + examination.findings.count
        if invocation.has(repair) {
            for orphan in examination.orphans {
                try folder.remove(orphan)
                report.removed(orphan.path)
                left -= 1
            }
        } else if !examination.orphans.isEmpty {
            report.note("\(examination.orphans.count) can be removed with --repair")
        }
        report.end(isWell: left == 0)
        return left == 0
    }
}
