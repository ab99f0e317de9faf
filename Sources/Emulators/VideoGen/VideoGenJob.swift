import Crypto
import Synthesis
import Telemetry

/// The vendor's status words.
enum VideoGenStatus: String, Sendable {
    case pending, running, succeeded, failed, cancelled
    /// Neither a success nor a failure: somebody has to say yes.
    case awaitingApproval = "awaiting_approval"

    var isEnd: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// An execution that was taken; its state follows from its age alone, unless it was cancelled or a fault has decided it.
struct VideoGenJob: Sendable {
    /// What its ids have in common.
    let root: String
    /// Who may ask for it.
    let key: String
    /// Where the double is, as its caller reached it: `http://host:port/videogen`.
    let address: String
    let request: VideoGenRequest
    /// Since the start.
    let accepted: Duration
    let date: Timestamp
    let timeline: Timeline<VideoGenStatus>
    /// Whether two executions of the same request sound the same.
    let repeatsAudio: Bool
    /// Whether somebody has to say yes before it goes on.
    var needsApproval: Bool
    /// From when on it is cancelled, since the start, unless it has ended before.
    var cancelled: Duration?
    /// What a fault has decided: `failed`, `sensitive` or `never`.
    var fate: FaultKind?
    /// Whether its last callback was accepted; `nil` while that is open.
    var isEndAccepted: Bool?

    var id: String { "vg_exec_\(root)" }

    /// When it ends if nothing comes between, since the start.
    var natural: Duration { accepted + (timeline.steps.last?.from ?? .zero) }

    /// The state at a moment since the start.
    func status(at now: Duration) -> VideoGenStatus {
        let phase = timeline.phase(at: now - accepted)
        if let cancelled, cancelled <= now, isOpen(at: cancelled) { return .cancelled }
        switch fate {
        case .failed?, .sensitive?: return .failed
        case .never?: return .pending
        default: return needsApproval && phase != .pending ? .awaitingApproval : phase
        }
    }

    /// Whether a cancellation at a moment comes in time.
    func isOpen(at moment: Duration) -> Bool {
        switch fate {
        case .failed?, .sensitive?: false
        case .never?: true
        default: needsApproval || moment < natural
        }
    }

    /// From 0 to 100.
    func progress(at now: Duration) -> Int {
        switch status(at: now) {
        case .pending: return 0
        case .succeeded: return 100
        default:
            let whole = max((natural - accepted) / .seconds(1), 1e-9)
            return min(99, Int((now - accepted) / .seconds(1) / whole * 100))
        }
    }

    // MARK: Files

    /// The id of a result's file: the root and the number in two digits.
    func fileID(_ index: Int) -> String { "vg_file_\(root)\(index < 10 ? "0" : "")\(index)" }

    /// The root and the number in a file's id; `nil` for what is no such id.
    static func file(_ id: String) -> (root: String, index: Int)? {
        guard let digits = VideoGenJob.body(of: id, prefix: "vg_file_"), digits.count == rootLength + 2,
            let index = Int(digits.suffix(2))
        else { return nil }
        return (String(digits.prefix(rootLength)), index)
    }

    /// The root in an execution's id; `nil` for what is no such id.
    static func root(_ id: String) -> String? {
        body(of: id, prefix: "vg_exec_").flatMap { $0.count == rootLength ? String($0) : nil }
    }

    private static func body(of id: String, prefix: String) -> Substring? {
        guard id.hasPrefix(prefix) else { return nil }
        let rest = id.dropFirst(prefix.count)
        return rest.allSatisfy { $0.isASCII && $0.isHexDigit && !$0.isUppercase } ? rest : nil
    }

    /// The number of digits in a root.
    static let rootLength = 20

    /// A name for the sound itself: executions that sound the same share their files.
    func audioName(_ index: Int) -> String {
        guard repeatsAudio else { return "videogen-\(root)-\(index)" }
        let text = "\(request.tool.rawValue) \(seconds) \(request.prompt)"
        return "videogen-same-\(Hex.encode(SHA256.hash(text).bytes))-\(index)"
    }

    /// What is heard in a result.
    func specification(_ index: Int) -> SoundSpecification {
        SoundSpecification(
            prompt: request.prompt,
            isMusic: request.tool == .music,
            duration: seconds,
            seed: repeatsAudio ? 0 : fingerprint(root),
            variation: index
        )
    }

    /// The length: about 10 seconds when nothing is said, and about 30 for music (documented).
    var seconds: Double { request.duration ?? (request.tool == .music ? 30 : 10) }
}
