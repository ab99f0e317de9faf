import JSON
import Testing

/// Numbers and times as the console words them.
@Suite struct ConsoleWordsTests {
    @Test("A span is rounded before it is split into units")
    func spans() async throws {
        let root = Folder(path: "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/"))
        let module = root.text(of: "Sources/Gateway/API/Resources/Console/words.js")
        let functions = module.replacing("export ", with: "")
        let table: [(Double, String)] = [
            (0, "0 ms"), (0.4, "400 ms"), (0.9996, "1 s"), (1.25, "1.3 s"), (9.94, "9.9 s"), (9.96, "10 s"),
            (59.4, "59 s"), (59.6, "1 min 0 s"), (65.4, "1 min 5 s"), (119.7, "2 min 0 s"), (3599.6, "1 h"),
            (5400, "1.5 h"),
        ]
        let numbers = table.map { "\($0.0)" }.joined(separator: ", ")
        try await withBrowser { browser in
            let said = try await browser.run("\(functions)\nreturn [\(numbers)].map(span);")
            #expect(said == .array(table.map { .string($0.1) }))
        }
    }
}
