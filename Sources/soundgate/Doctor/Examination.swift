import Assets
import Sound
import Tasks

/// The ledger and the audio held against each other.
struct Examination {
    /// Something that is not as it should be.
    enum Finding: Equatable {
        /// The file of a ready output is not there.
        case missing(KeptOutput)
        /// The file of a ready output has another length, or another content, than when it was kept.
        case changed(KeptOutput, path: String)
        /// A file that no output refers to.
        case orphan(AssetFolder.File)
    }

    let findings: [Finding]

    /// Compares what is known with what is there; `isWhole` looks into a file.
    init(
        outputs: [KeptOutput],
        files: [AssetFolder.File],
        isWhole: (AssetFolder.File) async throws -> Bool
    ) async rethrows {
        var findings: [Finding] = []
        let byName = Dictionary(files.map { (Self.name($0.sha256, $0.format), $0) }) { first, _ in first }
        var wanted: Set<String> = []
        var judged: [String: Bool] = [:]
        for output in outputs {
            let name = Self.name(output.asset.sha256, output.asset.format)
            wanted.insert(name)
            guard let file = byName[name] else {
                findings.append(.missing(output))
                continue
            }
            if judged[name] == nil {
                judged[name] = file.bytes == output.asset.bytes ? try await isWhole(file) : false
            }
            if judged[name] == false { findings.append(.changed(output, path: file.path)) }
        }
        for file in files where !wanted.contains(Self.name(file.sha256, file.format)) {
            findings.append(.orphan(file))
        }
        self.findings = findings
    }

    /// The files that nobody needs.
    var orphans: [AssetFolder.File] {
        findings.compactMap { if case .orphan(let file) = $0 { file } else { nil } }
    }

    private static func name(_ sha256: String, _ format: SoundFormat) -> String {
        "\(sha256).\(format.rawValue)"
    }
}

extension Examination.Finding: CustomStringConvertible {
    var description: String {
        switch self {
        case .missing(let output):
            "missing: \(output.task) output \(output.index): its audio \(output.asset.sha256.prefix(12))… is gone"
        case .changed(let output, let path):
            "changed: \(output.task) output \(output.index): \(path) is not what was kept"
        case .orphan(let file): "orphan: \(file.path) (\(file.bytes) bytes): no task has it"
        }
    }
}
