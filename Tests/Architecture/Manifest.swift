import Foundation

/// What `swift package dump-package` says of the targets.
struct Manifest: Decodable {
    struct Target: Decodable {
        let name: String
        let type: String
        /// From the package's root, without the `./` that a manifest may hold.
        let path: String
        private let dependencies: [Dependency]

        private enum CodingKeys: CodingKey { case name, type, path, dependencies }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            name = try values.decode(String.self, forKey: .name)
            type = try values.decode(String.self, forKey: .type)
            // Without a path SwiftPM looks in Sources/NAME, which is on no floor: that shows as such.
            let path = try values.decodeIfPresent(String.self, forKey: .path) ?? "Sources/\(name)"
            self.path = path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
            dependencies = try values.decode([Dependency].self, forKey: .dependencies)
        }

        /// Tests, and what several of them share.
        var isTest: Bool { type == "test" || path.hasPrefix("Tests/") }
        var names: [String] { dependencies.map(\.name) }
    }

    /// `{"byName": ["HTTP", null]}` or `{"product": ["Name", "package", …]}`; the first string is the name.
    struct Dependency: Decodable {
        let name: String

        init(from decoder: any Decoder) throws {
            let kinds = try decoder.singleValueContainer().decode([String: [Loose]].self)
            guard let name = kinds.values.first?.first?.text else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a dependency without a name")
                )
            }
            self.name = name
        }
    }

    /// A value of which only a string is of interest.
    struct Loose: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    let targets: [Target]

    init(contentsOf file: URL) throws {
        self = try JSONDecoder().decode(Manifest.self, from: Data(contentsOf: file))
    }
}
