import Assets
import JSON
import Tasks

/// What a doctor has to say: in lines as it comes, or for a program as one document at the end.
final class DoctorReport {
    private let isSilent: Bool
    private var ledger: JSONValue = .null
    private var audio: JSONValue = .null
    private var findings: [JSONValue] = []
    private var removed: [JSONValue] = []

    /// A silent one prints nothing before its end.
    init(isSilent: Bool) { self.isSilent = isSilent }

    /// The document by an example.
    static let example: JSONValue = [
        "ledger": ["path": "data/soundgate.db", "tasks": 120, "unfinished": 0],
        "audio": ["directory": "data/audio", "files": 131, "read": true],
        "findings": [
            [
                "kind": "missing", "task": "snd_01M7Y4E2FC44429VM6KN739QRQ", "output": 0, "path": .null,
                "message": "its audio 855e13eb…  is gone",
            ]
        ],
        "removed": ["data/audio/85/855e13eb….wav"],
        "well": false,
    ]

    func ledger(_ path: String, tasks: Int, unfinished: Int) {
        ledger = [
            "path": .string(path), "tasks": .integer(Int64(tasks)), "unfinished": .integer(Int64(unfinished)),
        ]
        note("\(path): \(tasks) tasks, \(unfinished) of them not ended")
    }

    func audio(_ directory: String, files: Int, isRead: Bool) {
        audio = [
            "directory": .string(directory), "files": .integer(Int64(files)), "read": .bool(isRead),
        ]
        note("\(directory): \(files) files\(isRead ? ", each read" : "")")
    }

    /// The database is damaged; as a whole when it could not even be opened.
    func damaged(_ path: String, _ line: String, isWhole: Bool = false) {
        add("damaged", task: nil, output: nil, path: path, line)
        say(isWhole ? "damaged: \(line)" : "damaged: \(path): \(line)")
    }

    func found(_ finding: Examination.Finding) {
        let words = "\(finding)"
        switch finding {
        case .missing(let output):
            add("missing", task: "\(output.task)", output: output.index, path: nil, words)
        case .changed(let output, let path):
            add("changed", task: "\(output.task)", output: output.index, path: path, words)
        case .orphan(let file): add("orphan", task: nil, output: nil, path: file.path, words)
        }
        say(words)
    }

    func removed(_ path: String) {
        removed.append(.string(path))
        say("removed: \(path)")
    }

    /// For a person alone.
    func note(_ line: String) {
        if !isSilent { Console.note(line) }
    }

    func end(isWell: Bool) {
        guard isSilent else {
            if isWell { Console.note("all is well") }
            return
        }
        let document: JSONValue = [
            "ledger": ledger, "audio": audio, "findings": .array(findings), "removed": .array(removed),
            "well": .bool(isWell),
        ]
        Console.output(document.prettyPrinted())
    }

    private func say(_ line: String) {
        if !isSilent { Console.output(line) }
    }

    private func add(_ kind: String, task: String?, output: Int?, path: String?, _ message: String) {
        findings.append([
            "kind": .string(kind), "task": JSONValue(orNull: task),
            "output": JSONValue(orNull: output.map { Int64($0) }), "path": JSONValue(orNull: path),
            "message": .string(message),
        ])
    }
}
