import Assets
import Configuration
import Glibc
import JSON

/// Brings the audio of a folder to the object store of a configuration.
enum StorageCopyAssetsCommand {
    private static let config = Option(
        "--config",
        value: "FILE",
        summary: "the configuration with assets.s3, where the audio goes"
    )
    private static let from = Option(
        "--from",
        value: "PATH",
        summary: "the folder that has the audio (default: assets.directory)"
    )
    private static let deep = Option("--deep", summary: "also read everything back and check its content")

    static let command = Command(
        name: "storage copy-assets",
        summary: "copy the audio of a folder to the object store",
        details: """
            Copies every audio file of a gateway's folder to the bucket of assets.s3, each under the hash of its content.
            What is there already, as long as it should be and with the same hash, is left alone: a copy that was cut off
            is simply begun again. Nothing is removed, neither here nor there. In the end the bucket is listed and held
            against the folder.

            A gateway that uses the folder may be at work meanwhile; copy once more when it has stopped, and then start it
            with assets.s3.

            Ends with 0 when the bucket has everything, with 1 when it has not, with 69 when it cannot be asked.
            """,
        options: [config, from, deep, .json],
        document: .like([
            "from": "data/audio", "to": "s3://sounds/audio/", "files": 20000, "bytes": 9_123_456_789,
            "copied": 120, "copied_bytes": 51_234_567, "there": 19880, "verified": 20000, "read": false,
            "problems": [["path": "data/audio/85/855e13eb….wav", "reason": "it is not on the shelf"]],
            "whole": false,
        ]),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let path = try invocation.required(config)
        let configuration = try await ConfigurationFile.load(path)
        guard let s3 = configuration.assets.s3 else {
            throw CommandFailure(.configuration, "\(path) has no assets.s3, so there is nowhere to copy to")
        }
        let directory = invocation.text(from) ?? configuration.assets.directory
        guard access(directory, F_OK) == 0 else {
            throw CommandFailure(.noInput, "there is no folder \(directory)")
        }
        let isSilent = invocation.has(.json)
        let (tally, name) = try await ShelfSession.with(s3) { shelf, pool in
            let copy = AssetCopy(
                from: AssetFolder(directory),
                to: shelf,
                pool: pool,
                isDeep: invocation.has(deep)
            )
            let isWatched = !isSilent && Console.isTerminal(STDERR_FILENO)
            let tally = try await copy.run { if isWatched { show($0) } }
            if isWatched { Console.show("\r\u{1B}[K") }
            return (tally, shelf.name)
        }
        if isSilent {
            Console.output(document(tally, directory, name, isRead: invocation.has(deep)).prettyPrinted())
        } else {
            for problem in tally.problems { Console.output("\(problem.path): \(problem.reason)") }
            Console.note(
                "\(directory): \(tally.found) files, \(tally.bytes) bytes; \(name) has \(tally.verified) of them, "
                    + "\(tally.copied) of which are new there"
            )
            Console.note(tally.isWhole ? "all is there" : "not all is there")
        }
        return tally.isWhole ? .success : .failure
    }

    /// How far it is, in one line that is drawn again.
    private static func show(_ tally: AssetCopy.Tally) {
        let words = "\(tally.found) files looked at, \(tally.copied) copied, \(tally.there) there before"
        Console.show("\r\u{1B}[K\(words.prefix(max(Console.width - 1, 20)))")
    }

    private static func document(
        _ tally: AssetCopy.Tally,
        _ directory: String,
        _ name: String,
        isRead: Bool
    ) -> JSONValue {
        [
            "from": .string(directory), "to": .string(name), "files": .integer(Int64(tally.found)),
            "bytes": .integer(tally.bytes), "copied": .integer(Int64(tally.copied)),
            "copied_bytes": .integer(tally.copiedBytes), "there": .integer(Int64(tally.there)),
            "verified": .integer(Int64(tally.verified)), "read": .bool(isRead),
            "problems": .array(
                tally.problems.map { ["path": .string($0.path), "reason": .string($0.reason)] }
            ),
            "whole": .bool(tally.isWhole),
        ]
    }
}
