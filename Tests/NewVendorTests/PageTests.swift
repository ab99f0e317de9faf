import Foundation
import Testing

/// docs/add-a-vendor.md quotes files of this target: a block below `<!-- file: PATH -->` is that file, word for word.
@Suite struct PageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test func everyBlockIsItsFile() throws {
        let page = try Self.text("docs/add-a-vendor.md")
        let blocks = page.matches(of: /<!-- file: (\S+) -->\n```swift\n([\s\S]*?)```\n/)
        #expect(blocks.count >= 4, "the page quotes no files")
        for block in blocks {
            let path = String(block.1)
            // What stands in the adapter's own module has no need to import it.
            var file = try Self.text(path)
            if path.contains("/Larkspur/") {
                file = file.replacing(/(package )?import Providers\n/, with: "")
            }
            #expect(block.2 == file[...], "\(path) and the page have parted; run: make quote")
        }
    }

    @Test func everySwiftBlockNamesItsFile() throws {
        let page = try Self.text("docs/add-a-vendor.md")
        let blocks = page.split(separator: "```swift").count - 1
        #expect(blocks == page.matches(of: /<!-- file: \S+ -->\n```swift\n/).count)
    }

    @Test func everyFileOfTheAdapterIsOnThePage() throws {
        let page = try Self.text("docs/add-a-vendor.md")
        let folder = "Tests/NewVendorTests/Larkspur"
        for name in try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent(folder).path
        ) {
            #expect(page.contains("<!-- file: \(folder)/\(name) -->"), "\(name)")
        }
    }
}
