import FuzzTargets
import Glibc
import Testing

/// The fuzzer's corpora, tried in every test run: what was found once does not come back.
@Suite struct CorpusRunTests {
    private static let folder =
        #filePath.split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Fuzz"

    @Test(arguments: FuzzTarget.all.map(\.name))
    func everyFileOfTheCorpusIsReadByTheRules(_ name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = "\(Self.folder)/\(name)/Corpus"
        let names = Self.names(in: folder)
        #expect(names.count >= 5, "a fuzzer that starts from nothing finds little")
        for name in names { target.run(try Self.contents(of: "\(folder)/\(name)")) }
    }

    @Test func everyFolderHasATarget() {
        let folders = Set(Self.names(in: Self.folder)).subtracting(["Targets", "run"])
        #expect(folders == Set(FuzzTarget.all.map(\.name)))
    }

    private static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private static func contents(of path: String) throws -> [UInt8] {
        let stream = try #require(fopen(path, "r"))
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&block, 1, block.count, stream), count > 0 { bytes += block[..<count] }
        return bytes
    }
}
