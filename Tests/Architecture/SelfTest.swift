import Foundation

/// Builds made-up houses in a temporary folder and sees that each is judged as it should be: a gate that cannot go
/// red guards nothing.
enum SelfTest {
    /// A sound house with one thing changed, and the rules that must then speak; none for a house that stays sound.
    struct Plant {
        let name: String
        let expected: Set<Violation.Rule>
        var targets: [String: [String]] = [:]
        var files: [String: String] = [:]
    }

    static func run() throws -> [String] {
        try plants.compactMap { plant in
            let found = try Set(judge(plant).map(\.rule))
            guard found != plant.expected else { return nil }
            return "\(plant.name): expected \(names(plant.expected)), found \(names(found))"
        }
            + Violation.Rule.allCases.filter { rule in !plants.contains { $0.expected.contains(rule) } }.map {
                "no planted case for the rule \($0)"
            }
    }

    static let plants: [Plant] = [
        Plant(name: "a sound house", expected: []),

        // The manifest.
        Plant(name: "platform names gateway", expected: [.floor], targets: ["Platform/HTTP": ["Sound"]]),
        Plant(
            name: "gateway names the program",
            expected: [.floor],
            targets: ["Gateway/Tasks": ["soundgate"]]
        ),
        Plant(
            name: "routing names tasks",
            expected: [.rank, .purity],
            targets: ["Gateway/Routing": ["Tasks"]]
        ),
        Plant(name: "assets name tasks", expected: [.rank], targets: ["Gateway/Assets": ["Tasks"]]),
        Plant(name: "equal ranks", expected: [.rank], targets: ["Gateway/Sound": ["Synthesis"]]),
        Plant(name: "emulators name sound", expected: [.emulators], targets: ["Emulators": ["Sound"]]),
        Plant(
            name: "gateway names emulators",
            expected: [.emulators],
            targets: ["Gateway/Tasks": ["Emulators"]]
        ),
        Plant(name: "a second wrapper", expected: [.wrapper], targets: ["Platform/HTTP": ["CSQLite"]]),
        Plant(
            name: "gateway names a C library",
            expected: [.wrapper],
            targets: ["Gateway/Tasks": ["CSQLite"]]
        ),
        Plant(name: "gateway names the system", expected: [.wrapper], targets: ["Gateway/Tasks": ["CLinux"]]),
        Plant(name: "both OpenSSL wrappers", expected: [], targets: ["Platform/TLS": ["COpenSSL"]]),
        Plant(name: "an unwrapped C library", expected: [.unknown], targets: ["CLibraries/CMagic": []]),
        Plant(name: "sound names the loop", expected: [.purity], targets: ["Gateway/Sound": ["EventLoop"]]),
        Plant(
            name: "providers reach the loop",
            expected: [.purity],
            targets: ["Platform/HTTP": ["EventLoop"]]
        ),
        Plant(name: "a module without a rank", expected: [.unknown], targets: ["Gateway/Gossip": []]),
        Plant(name: "a target on no floor", expected: [.unknown], targets: ["Attic": []]),
        Plant(
            name: "the product on what tests share",
            expected: [.unknown],
            targets: ["Gateway/Tasks": ["Support"]]
        ),
        Plant(name: "a foreign package", expected: [.unknown], targets: ["Gateway/Tasks": ["NIOCore"]]),

        // Imports.
        Plant(
            name: "an undeclared import",
            expected: [.undeclared],
            files: ["Gateway/Tasks/A.swift": "internal import HTTP"]
        ),
        Plant(
            name: "a C library behind @_exported",
            expected: [.wrapper, .undeclared],
            files: ["Gateway/Tasks/A.swift": "@_exported package import CSQLite"]
        ),
        Plant(
            name: "a C function imported alone, from a test",
            expected: [.wrapper, .undeclared],
            files: ["../Tests/SoundTests/A.swift": "private import func CSQLite.sqlite3_open"]
        ),
        Plant(
            name: "a pure module imports the loop",
            expected: [.purity, .undeclared],
            files: ["Gateway/Routing/A.swift": "// why not\nimport EventLoop"]
        ),
        Plant(
            name: "a pure module reads a clock",
            expected: [.purity],
            files: ["Gateway/Sound/A.swift": "func f() { _ = ContinuousClock().now }"]
        ),
        Plant(
            name: "a pure module reads the environment in a string",
            expected: [.purity],
            files: ["Gateway/Sound/A.swift": #"let home = "at \(getenv("HOME"))""#]
        ),
        Plant(
            name: "a pure module is handed an instant",
            expected: [],
            files: ["Gateway/Sound/A.swift": "func f(_ now: ContinuousClock.Instant) {}"]
        ),
        Plant(
            name: "Foundation on the ground",
            expected: [.foundation],
            files: ["Platform/HTTP/A.swift": "import struct Foundation.URL"]
        ),
        Plant(
            name: "Foundation in the gateway",
            expected: [.foundation],
            files: ["Gateway/Tasks/A.swift": "@preconcurrency import Foundation"]
        ),
        Plant(
            name: "Foundation's essentials, and Foundation in words only",
            expected: [],
            files: [
                "Gateway/Tasks/A.swift": """
                import FoundationEssentials
                /* import Foundation /* nested */ import CSQLite */
                let text = "import Foundation"
                let long = ##\"""
                    import Foundation
                    import CSQLite
                    \"""##
                """
            ]
        ),

        // Vendors.
        Plant(
            name: "one vendor names another",
            expected: [.vendor],
            files: ["Gateway/Providers/Acme/B.swift": "let model = Chime.model"]
        ),
        Plant(
            name: "the kit names a vendor's type",
            expected: [.vendor],
            files: ["Gateway/Providers/Kit/B.swift": "extension ChimeReply {}"]
        ),
        Plant(
            name: "tasks name a vendor",
            expected: [.vendor],
            files: ["Gateway/Tasks/B.swift": #"let text = "\(Acme.id)""#]
        ),
        Plant(
            name: "the program names a vendor",
            expected: [.vendor],
            files: ["soundgate/B.swift": "let one = Acme.id"]
        ),
        Plant(
            name: "a vendor named in words, by an emulator, by a test, or by itself",
            expected: [],
            files: [
                "Gateway/Tasks/B.swift": "// Acme answers late.\nlet label = \"Acme\"",
                "Gateway/Providers/Acme/B.swift": "let again = Acme.id",
                "Emulators/Acme/B.swift": "enum Acme {}",
                "../Tests/SoundTests/B.swift": "let tested = Acme.id",
            ]
        ),
        Plant(
            name: "a vendor's private type shares a name",
            expected: [],
            files: [
                "Gateway/Providers/Acme/B.swift": "private let one = 1\nprivate final class Reply {}",
                "Gateway/Tasks/B.swift": "struct Reply {}",
            ]
        ),
    ]

    /// Folders under Sources, and what each target names.
    private static let soundHouse: [String: [String]] = [
        "CLibraries/CLinux": [], "CLibraries/COpenSSL": [], "CLibraries/CSQLite": [],
        "Platform/EventLoop": ["CLinux"], "Platform/HTTP": [], "Platform/SQLite": ["CSQLite"],
        "Platform/Crypto": ["COpenSSL"],
        "Gateway/Sound": [], "Gateway/Synthesis": [], "Gateway/Providers": ["Sound", "Synthesis", "HTTP"],
        "Gateway/Routing": ["Sound", "Providers"], "Gateway/Assets": ["Sound", "EventLoop"],
        "Gateway/Tasks": ["Sound", "Providers", "Routing", "Assets", "SQLite", "EventLoop"],
        "Emulators": ["Synthesis", "HTTP"],
        "soundgate": ["Tasks", "Emulators"],
    ]

    private static let soundFiles = [
        "Gateway/Sound/Sound.swift": "package struct SoundRequest {}",
        "Gateway/Providers/Kit/Kit.swift": "package protocol Kit {}",
        "Gateway/Providers/Catalog.swift": "package let catalog = [Acme.id, Chime.id]",
        "Gateway/Providers/Acme/Acme.swift": "import HTTP\npackage enum Acme { static let id = 1 }",
        "Gateway/Providers/Chime/Chime.swift":
            "package enum Chime {}\nlet one = 1\nfinal class ChimeReply {}",
        "Gateway/Tasks/Tasks.swift": "import SQLite\npackage import Sound",
    ]

    private static func judge(_ plant: Plant) throws -> [Violation] {
        let files = FileManager.default
        let root = files.temporaryDirectory.appending(path: "check-arrows-\(UUID().uuidString)")
        defer { try? files.removeItem(at: root) }
        for (path, text) in soundFiles.merging(plant.files, uniquingKeysWith: { $1 }) {
            let file = root.appending(path: "Sources/\(path)").standardizedFileURL
            try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        let manifest = root.appending(path: "package.json")
        try Data(dump(of: plant).utf8).write(to: manifest)
        return try Inspection(manifest: Manifest(contentsOf: manifest), root: root).violations
    }

    /// The manifest in the form that SwiftPM dumps; a plant's dependencies come on top.
    private static func dump(of plant: Plant) -> String {
        var targets = soundHouse.merging(plant.targets, uniquingKeysWith: +).map { folder, names in
            let name = folder.split(separator: "/").last.map(String.init) ?? folder
            let type =
                folder.hasPrefix("CLibraries/") ? "system" : name == "soundgate" ? "executable" : "regular"
            return target(name, type, "Sources/./\(folder)", names)
        }
        targets.append(target("SoundTests", "test", "Tests/SoundTests", ["Sound", "CLinux", "Support"]))
        targets.append(target("Support", "regular", "Tests/Support", ["Sound"]))
        return #"{"name": "made-up", "targets": [\#(targets.joined(separator: ",\n"))]}"#
    }

    private static func target(_ name: String, _ type: String, _ path: String, _ names: [String]) -> String {
        let dependencies = names.map { #"{"byName": ["\#($0)", null]}"# }.joined(separator: ", ")
        return
            #"{"name": "\#(name)", "type": "\#(type)", "path": "\#(path)", "dependencies": [\#(dependencies)]}"#
    }

    private static func names(_ rules: Set<Violation.Rule>) -> String {
        rules.isEmpty ? "nothing" : rules.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
