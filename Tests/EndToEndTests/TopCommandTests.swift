import Glibc
import JSON
import Testing

/// `soundgate top`, as text and on a terminal of its own.
@Suite struct TopCommandTests {
    private static let enter = "\u{1B}[?1049h"
    private static let leave = "\u{1B}[?25h\u{1B}[?1049l"

    /// Runs the program on a terminal of this size; `after` is run by the shell when it has ended.
    private static func onTerminal(
        _ gateway: Peer,
        _ folder: Folder,
        columns: Int = 100,
        rows: Int = 12,
        under words: String = "",
        meanwhile: String = ":",
        keys: String? = nil,
        colours: Bool = false
    ) async throws -> Program.Outcome {
        // `script` gives its command a terminal, and hands on what is typed and shown.
        let script = """
            stty cols \(columns) rows \(rows); (\(meanwhile)) & \(words) "$@" --every 0.5; echo "status $?"; stty -a
            """
        return try await Program.run(
            ["top", "--server", gateway.address],
            in: folder,
            environment: ["TERM": "xterm", "NO_COLOR": colours ? "" : "1", "SHELL": "/bin/bash"],
            input: keys,
            under: [
                "/bin/bash", "-c",
                #"exec script -qefc "$(printf '%q ' /bin/bash -c "$0" top "$@")" /dev/null"#,
                script,
            ]
        )
    }

    /// The pages that were drawn, as lines without what steers the terminal; that makes one more return of each line feed.
    private static func pages(_ output: String) -> [[String]] {
        output.split(separator: "\u{1B}[H", omittingEmptySubsequences: false).dropFirst().map { page in
            let drawn = page.split(separator: "\u{1B}[J", omittingEmptySubsequences: false).first ?? ""
            return drawn.replacing("\u{1B}[K", with: "").split(
                omittingEmptySubsequences: false,
                whereSeparator: { $0 == "\r\n" }
            ).map { line in line.filter { $0 != "\r" } }
        }
    }

    @Test func withoutATerminalItIsTextOnce() async throws {
        // Jobs of half an hour.
        try await withEmulatedVendors(speed: 0.01) { gateway, _, folder in
            _ = try await gateway.post(
                "/v1/sounds",
                ["prompt": "a lion\u{202E} and a 狮子", "provider": "sunoapi"]
            )
            for words in [["top"], ["top", "--once"]] {
                let run = try await Program.run(words + ["--server", gateway.address], in: folder)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.contains(/PROVIDER +STATE +RUNNING/))
                #expect(run.output.contains(#/\nbuiltin +ok +0 /#), "\(run.output)")
                #expect(run.output.contains(#/sunoapi/sounds .*a lion and a 狮子\n/#), "\(run.output)")
                #expect(!run.output.contains("\u{1B}"))
            }
            let json = try await Program.run(["top", "--json", "--server", gateway.address], in: folder)
            let value = try JSONValue(parsing: json.output)
            #expect(value["providers"]?.array?.isEmpty == false)
            #expect(value["tasks"]?.array?.count == 1)
        }
    }

    @Test func aTerminalIsRedrawnAndGivenBack() async throws {
        try await withGateway { gateway, folder in
            let run = try await Self.onTerminal(gateway, folder, columns: 60, rows: 5, keys: "xq")
            #expect(run.output.contains(Self.enter), "\(run.output) \(run.errors)")
            #expect(run.output.contains("\(Self.leave)status 0"))
            #expect(!run.output.contains("-icanon") && !run.output.contains("-echo "))
            let pages = Self.pages(run.output)
            #expect(!pages.isEmpty)
            for page in pages {
                #expect(page.count <= 5)
                #expect(page.allSatisfy { $0.count <= 60 }, "\(page)")
                #expect(page.first?.hasPrefix(gateway.address) == true)
            }
        }
    }

    @Test(arguments: [("TERM", 143), ("INT", 130)])
    func aSignalGivesTheTerminalBack(_ signal: String, _ status: Int) async throws {
        try await withGateway { gateway, folder in
            let run = try await Self.onTerminal(
                gateway,
                folder,
                under: "timeout --foreground --preserve-status -s \(signal) 4"
            )
            #expect(run.output.contains("\(Self.leave)status \(status)"), "\(run.output)")
            #expect(!run.output.contains("-icanon") && !run.output.contains("-echo "))
            #expect(Self.pages(run.output).count >= 2, "it is redrawn")
        }
    }

    @Test func anotherSizeIsHeededAtOnce() async throws {
        try await withGateway { gateway, folder in
            let run = try await Self.onTerminal(
                gateway,
                folder,
                columns: 120,
                under: "timeout --foreground -s TERM 5",
                meanwhile: "sleep 2.5; stty cols 40 < /dev/tty"
            )
            let pages = Self.pages(run.output)
            let widths = pages.map { $0.map(\.count).max() ?? 0 }
            #expect((widths.first ?? 0) > 40, "\(run.output)")
            #expect((widths.last ?? 99) <= 40)
        }
    }

    @Test func coloursAreOnlyForThoseWhoWantThem() async throws {
        try await withGateway { gateway, folder in
            let plain = try await Self.onTerminal(gateway, folder, keys: "q")
            #expect(!plain.output.contains("\u{1B}[1m"))
            let painted = try await Self.onTerminal(gateway, folder, keys: "q", colours: true)
            #expect(painted.output.contains("\u{1B}[1m"))
        }
    }

    @Test func whatIsWrongFromTheFirstIsSaidAsElsewhere() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["top", "--server", "http://127.0.0.1:1"], in: folder)
            #expect(run.status == 69)
            #expect(run.errors.contains("http://127.0.0.1:1"))
            let wrong = try await Program.run(["top", "--every", "0"], in: folder)
            #expect(wrong.status == 64)
        }
    }
}
