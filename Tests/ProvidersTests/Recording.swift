import Foundation
import HTTP
import JSON
import Providers
import Sound
import Testing

/// One exchange with a vendor in one file: what is asked, the call, the vendor's answer and what we make of it.
///
/// Sections are parted by a line of three hyphens. The first is one of
/// - `create OPERATION [CALLBACK]` and a request, `CALLBACK` being where the vendor may call us,
/// - `poll OPERATION JOB`,
/// - `ask OPERATION JOB PART TAKE`, for what the poll leaves out of a take (`address`, `timed_lyrics`),
/// - `cancel OPERATION JOB`,
/// - `balance`.
///
/// A file in the adapter's folder is a test; nothing has to be registered.
struct Recording: Sendable, CustomTestStringConvertible {
    enum Question {
        case create(SoundRequest)
        case poll(RemoteJob)
        case ask(RemoteJob, TakePart, take: String)
        case cancel(RemoteJob)
        case balance
    }

    let adapter: String
    let name: String
    private let sections: [String]

    var testDescription: String { "\(adapter)/\(name)" }

    /// Every recording there is.
    static let all: [Recording] = {
        guard let root = Bundle.module.url(forResource: "Recordings", withExtension: nil),
            let files = FileManager.default.enumerator(atPath: root.path)
        else { return [] }
        let paths = files.compactMap { $0 as? String }.filter { $0.hasSuffix(".txt") }.sorted()
        return paths.compactMap { path in
            guard let text = try? String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
            else {
                return nil
            }
            let parts = path.dropLast(4).split(separator: "/")
            return Recording(
                adapter: String(parts.first ?? ""),
                name: parts.dropFirst().joined(separator: "/"),
                sections: text.components(separatedBy: "\n---\n")
            )
        }
    }()

    private func section(_ index: Int) throws -> String {
        try #require(sections.count == 4, "a recording has four sections: \(testDescription)")
        return sections[index]
    }

    private var head: [Substring] { sections[0].split(separator: "\n")[0].split(separator: " ") }

    var operationName: String { head.count > 1 ? String(head[1]) : "" }

    /// Where the vendor of a create may call us.
    var callbackURL: String? { head.count > 2 && head[0] == "create" ? String(head[2]) : nil }

    func descriptor() throws -> ProviderDescriptor { try #require(catalog.first { $0.id == adapter }) }

    func operation() throws -> Providers.Operation {
        let descriptor = try descriptor()
        return try #require(descriptor.operations.first { $0.name == operationName })
    }

    func question() throws -> Question {
        let words = head.map { String($0) }
        switch words.first {
        case "poll": return .poll(RemoteJob(id: try #require(words.last)))
        case "cancel": return .cancel(RemoteJob(id: try #require(words.last)))
        case "balance": return .balance
        case "ask":
            try #require(words.count == 5, "ask OPERATION JOB PART TAKE: \(testDescription)")
            return .ask(RemoteJob(id: words[2]), try #require(TakePart(rawValue: words[3])), take: words[4])
        default: break
        }
        let json = try section(0).split(separator: "\n").dropFirst().joined(separator: "\n")
        return .create(try SoundRequest(JSONValue(parsing: json), knownProviders: nil))
    }

    /// What the call must be: `METHOD PATH`, its media type, its body.
    func expectedCall() throws -> (line: String, contentType: String?, body: JSONValue) {
        let lines = try section(1).components(separatedBy: "\n")
        let type = lines.first { $0.hasPrefix("content-type: ") }?.dropFirst("content-type: ".count)
        guard let blank = lines.firstIndex(of: "") else { return (lines[0], nil, .null) }
        let body = lines[(blank + 1)...].joined(separator: "\n")
        return (lines[0], type.map { String($0) }, try JSONValue(parsing: body))
    }

    /// The canned answer: the status, fields as `name: value`, the body.
    func reply() throws -> UpstreamReply {
        var lines = try section(2).components(separatedBy: "\n")
        let status = try #require(Int(lines.removeFirst()))
        var fields = Fields()
        while let line = lines.first, let colon = line.range(of: ": "),
            line[..<colon.lowerBound].allSatisfy({ $0.isLowercase || $0.isNumber || $0 == "-" })
        {
            fields[String(line[..<colon.lowerBound])] = String(line[colon.upperBound...])
            lines.removeFirst()
        }
        return UpstreamReply(status: status, fields: fields, body: Array(lines.joined(separator: "\n").utf8))
    }

    func expectation() throws -> String { try section(3).trimmingCharacters(in: .whitespacesAndNewlines) }
}
