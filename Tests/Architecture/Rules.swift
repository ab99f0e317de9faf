import Foundation

/// One thing that is not as the house wants it.
struct Violation: Hashable {
    enum Rule: String, CaseIterable {
        case floor, rank, emulators, wrapper, purity, vendor, foundation, undeclared, unknown
    }

    let rule: Rule
    let text: String
}

/// Holds a manifest and the sources under `root` against `House`.
struct Inspection {
    let root: URL
    let targets: [Manifest.Target]
    private let byName: [String: Manifest.Target]
    private let sources: [(target: Manifest.Target, text: SourceText)]

    init(manifest: Manifest, root: URL) throws {
        self.root = root
        targets = manifest.targets
        byName = Dictionary(targets.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        sources = try targets.filter { $0.type != "system" }.flatMap { target in
            try Self.files(of: target, under: root).map { (target, $0) }
        }
    }

    var violations: [Violation] {
        arrows + wrappers + purity + imports + vendors
    }

    // MARK: The manifest

    private var arrows: [Violation] {
        targets.filter { !$0.isTest }.flatMap { target -> [Violation] in
            guard let level = level(of: target) else {
                return [.init(.unknown, "\(target.name) stands on no floor (\(target.path))")]
            }
            let unranked =
                isGateway(target) && House.gatewayRanks[target.name] == nil
                ? [Violation(.unknown, "\(target.name) has no rank: give it one in House.gatewayRanks")] : []
            return unranked + target.names.compactMap { arrow(from: target, at: level, to: $0) }
        }
    }

    private func arrow(from target: Manifest.Target, at level: Int, to name: String) -> Violation? {
        guard let other = byName[name], let otherLevel = self.level(of: other) else {
            return .init(.unknown, "\(target.name) → \(name): not a target that others may stand on")
        }
        let isEmulator = isEmulators(target) || isEmulators(other)
        if level == otherLevel, isEmulator {
            guard isEmulators(target), House.emulatorsMaySee.contains(name) else {
                return .init(
                    .emulators,
                    "\(target.name) → \(name): emulators and gateway do not see each other"
                )
            }
            return nil
        }
        if otherLevel > level {
            return .init(.floor, "\(target.name) → \(name): an arrow that points up")
        }
        if let rank = House.gatewayRanks[target.name], let otherRank = House.gatewayRanks[name],
            isGateway(target), otherRank >= rank
        {
            return .init(
                .rank,
                "\(target.name) → \(name): not below it in API → Tasks → Routing → Providers → Sound"
            )
        }
        return nil
    }

    private var wrappers: [Violation] {
        targets.filter {
            $0.type == "system" && $0.name != House.systemLibrary && House.wrappers[$0.name] == nil
        }.map {
            .init(.unknown, "\($0.name) has no wrapper: name the one module in House.wrappers")
        }
            + targets.flatMap { target in
                target.names.filter { !mayImport($0, target) }.map {
                    .init(.wrapper, "\(target.name) → \($0): another module wraps that library")
                }
            }
    }

    private func mayImport(_ library: String, _ target: Manifest.Target) -> Bool {
        if library == House.systemLibrary {
            return target.isTest || target.path.hasPrefix("Sources/Platform/")
        }
        return House.wrappers[library]?.contains(target.name) ?? true
    }

    private var purity: [Violation] {
        targets.filter { House.pure.contains($0.name) }.flatMap { target in
            reach(of: target.name).intersection(House.effects).sorted().map {
                .init(.purity, "\(target.name) reaches \($0): it takes values and gives values")
            }
        }
    }

    // MARK: The sources

    private var imports: [Violation] {
        sources.flatMap { target, text in
            text.imports.flatMap { module, line -> [Violation] in
                let place = "\(text.path):\(line): import \(module)"
                var found: [Violation] = []
                if byName[module] != nil, module != target.name, !target.names.contains(module) {
                    found.append(
                        .init(.undeclared, "\(place): not a dependency of \(target.name) in Package.swift")
                    )
                }
                if !mayImport(module, target) {
                    found.append(.init(.wrapper, "\(place): another module wraps that library"))
                }
                if House.pure.contains(target.name), House.effects.contains(module) {
                    found.append(.init(.purity, "\(place): \(target.name) takes values and gives values"))
                }
                if House.banned.contains(module), House.bannedOn.contains(where: text.path.hasPrefix) {
                    found.append(.init(.foundation, "\(place): no Foundation here"))
                }
                return found
            }
                + (House.pure.contains(target.name) ? text.effects : []).map { name, line in
                    .init(
                        .purity,
                        "\(text.path):\(line): \(name): \(target.name) reads no clock and does no I/O"
                    )
                }
        }
    }

    private var vendors: [Violation] {
        var owners: [String: String] = [:]
        for (_, text) in sources {
            guard let vendor = vendor(of: text.path) else { continue }
            owners[vendor] = vendor
            for type in text.visibleTypes { owners[type] = vendor }
        }
        let names = Set(owners.keys)
        return sources.flatMap { _, text -> [Violation] in
            guard text.path != House.catalog, House.vendorBlind.contains(where: text.path.hasPrefix) else {
                return []
            }
            let own = vendor(of: text.path)
            return text.uses(of: names).compactMap { name, line in
                guard let owner = owners[name], owner != own else { return nil }
                return .init(
                    .vendor,
                    "\(text.path):\(line): \(name): only \(House.vendors)\(owner)/ and the catalog know it"
                )
            }
        }
    }

    // MARK: Where things stand

    private func level(of target: Manifest.Target) -> Int? {
        guard !target.isTest else { return nil }
        return House.floors.first { "\(target.path)/".hasPrefix($0.folder) }?.level
    }

    private func isGateway(_ target: Manifest.Target) -> Bool {
        target.path.hasPrefix("Sources/Gateway/")
    }

    private func isEmulators(_ target: Manifest.Target) -> Bool {
        target.path.hasPrefix("Sources/Emulators")
    }

    private func vendor(of path: String) -> String? {
        guard path.hasPrefix(House.vendors) else { return nil }
        let parts = path.dropFirst(House.vendors.count).split(separator: "/")
        guard parts.count > 1, !House.sharedFolders.contains(String(parts[0])) else { return nil }
        return String(parts[0])
    }

    private func reach(of name: String) -> Set<String> {
        var seen: Set<String> = []
        var waiting = byName[name]?.names ?? []
        while let next = waiting.popLast() {
            guard seen.insert(next).inserted else { continue }
            waiting += byName[next]?.names ?? []
        }
        return seen
    }

    private static func files(of target: Manifest.Target, under root: URL) throws -> [SourceText] {
        let folder = root.appending(path: target.path)
        let names = FileManager.default.subpaths(atPath: folder.path) ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            return SourceText(path: "\(target.path)/\(name)", text: text)
        }
    }
}

extension Violation {
    fileprivate init(_ rule: Rule, _ text: String) {
        self.init(rule: rule, text: text)
    }
}
