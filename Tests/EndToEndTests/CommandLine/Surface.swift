import Testing

/// The program's commands as its own help tells of them.
struct Surface {
    let commands: [String]
    let topics: [String]

    /// Reads `soundgate help`.
    static func read(in folder: Folder) async throws -> Surface {
        let run = try await Program.run(["help"], in: folder)
        let parts = run.output.split(separator: "Topics of \"soundgate help\":")
        try #require(parts.count == 2, "\(run.output)")
        let surface = Surface(
            commands: names(in: parts[0]).filter { !$0.hasPrefix("help") },
            topics: names(in: parts[1])
        )
        try #require(surface.commands.count > 15 && surface.topics.count > 5)
        return surface
    }

    /// What stands at the beginning of indented lines, before two spaces.
    private static func names(in text: Substring) -> [String] {
        text.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^[ ]{2}([a-z][a-z\-]*(?: [a-z]+)?)[ ]{2}/).map { String($0.1) }
        }
    }
}
