import Glibc
import Testing

/// The threat model's page names tests; it is only worth something while they are there.
@Suite struct ThreatModelTests {
    private static let page = "Sources/Gateway/API/API.docc/ThreatModel.md"

    /// A test by its names: target, suite, function.
    struct Reference: Sendable, Hashable, CustomTestStringConvertible {
        let target: String
        let suite: String
        let function: String
        var testDescription: String { "\(target).\(suite).\(function)" }
    }

    private static func references(in text: String) -> [Reference] {
        text.matches(of: /`(\w+Tests)\.(\w+Tests)\.(\w+)`/).map { match in
            Reference(
                target: String(match.output.1),
                suite: String(match.output.2),
                function: String(match.output.3)
            )
        }
    }

    @Test func everyThreatNamesATest() throws {
        let rows = try repositoryFile(Self.page).split(separator: "\n").filter {
            $0.hasPrefix("|") && !$0.hasPrefix("|---") && !$0.hasPrefix("| Threat")
        }
        #expect(rows.count >= 30)
        for row in rows { #expect(!Self.references(in: String(row)).isEmpty, "\(row)") }
    }

    @Test func everyTestThatIsNamedExists() throws {
        let references = Set(Self.references(in: try repositoryFile(Self.page)))
        #expect(references.count >= 40)
        for reference in references {
            #expect(try Self.exists(reference), "\(reference.testDescription)")
        }
        // It can fail.
        let none = Reference(target: "APITests", suite: "ThreatModelTests", function: "references")
        #expect(try !Self.exists(none), "a function that is no test")
    }

    /// Whether a file of the target has the suite and, behind `@Test`, the function.
    private static func exists(_ reference: Reference) throws -> Bool {
        for file in files(in: "Tests/\(reference.target)") {
            let text = try repositoryFile(file)
            guard
                text.contains("struct \(reference.suite) ") || text.contains("extension \(reference.suite) "),
                let function = text.firstRange(of: "func \(reference.function)(")
            else { continue }
            let before = text[..<function.lowerBound]
            guard let mark = before.ranges(of: "@Test").last else { continue }
            if !before[mark.upperBound...].contains("func ") { return true }
        }
        return false
    }

    private static func files(in folder: String) -> [String] {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        guard let directory = opendir("\(root)/\(folder)") else { return [] }
        defer { closedir(directory) }
        var files: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasSuffix(".swift") { files.append("\(folder)/\(name)") }
            if !name.contains(".") { files += Self.files(in: "\(folder)/\(name)") }
        }
        return files
    }
}
