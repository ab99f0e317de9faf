import JSON
import Providers
import Sound
import Testing

/// The life of a task as it is meant to go: what is asked for, of whom, and whether the vendor calls back.
struct Life: Sendable {
    let route: RouteName
    var request: SoundRequest
    var callbacks = HouseRules.Callbacks.off
    /// How many calls bring the takes.
    var calls = 1
    var kind: Kind

    /// How the audio comes.
    enum Kind: Sendable { case polled, streamed, rendered }

    /// Whether it can go wrong in this way: what is rendered here takes no line, and needs its folder after a commit.
    func knows(_ fault: StepFault) -> Bool {
        guard kind == .rendered else { return fault.side == .line || fault.mishap != .folderless }
        return fault.side == .ledger
    }

    /// The double's switches: its jobs are done after a question or two, for one more would be a step like the last.
    var settings: JSONObject {
        switch (kind, route.provider) {
        case (.polled, "musicgpt"): ["\(request.type == .music ? "music" : "sound")_seconds": 12]
        case (.polled, _): ["generation_seconds": 12]
        default: [:]
        }
    }

    var takes: Int { request.variations ?? 1 }

    /// Whether a job whose create was not answered is known by the address that the vendor calls.
    var isToldByToken: Bool {
        guard callbacks != .off, case .perJob = catalog.first(where: { $0.id == route.provider })?.callbacks
        else { return false }
        return true
    }
}

extension Life: CustomTestStringConvertible {
    var testDescription: String {
        let fan = calls > 1 ? ", \(takes) takes by \(calls) calls" : ""
        return "\(route)\(callbacks == .off ? "" : ", called back")\(fan)"
    }
}

extension Life {
    /// A life of each operation, and one more where the vendor calls back; then those of several takes.
    static let all =
        Subject.all.flatMap(lives)
        + [
            fan(Subject.musicGPTSound), fan(Subject.videoGen), fan(Subject.elevenLabsSound), rendered(1),
            rendered(2),
        ]

    /// The lives that go wrong twice.
    static let few = [Life(Subject.sunoapi), fan(Subject.videoGen), rendered(2)]

    /// The lives that the clock is tried with: one of each kind.
    static let some = [
        Life(Subject.musicGPTSound, callbacks: .on), fan(Subject.videoGen), Life(Subject.elevenLabsSound),
        rendered(2),
    ]

    init(_ subject: Subject, callbacks: HouseRules.Callbacks = .off) {
        self.init(
            route: subject.route,
            request: subject.request,
            callbacks: callbacks,
            kind: subject.calls.contains(.poll) ? .polled : .streamed
        )
    }

    /// Of the vendors that call back, one of each way: by token, by token and signed, and signed for the account.
    private static func lives(_ subject: Subject) -> [Life] {
        let quiet = Life(subject)
        let isOneOfItsKind = [Subject.musicGPTSound, .kie, .videoGen].contains { $0.route == subject.route }
        return isOneOfItsKind ? [quiet, Life(subject, callbacks: .on)] : [quiet]
    }

    private static func fan(_ subject: Subject) -> Life {
        var life = Life(subject)
        life.request.variations = 2
        life.calls = 2
        return life
    }

    private static func rendered(_ takes: Int) -> Life {
        var request = SoundRequest(prompt: "click", type: .effect)
        request.duration = 0.5
        request.variations = takes
        return Life(
            route: RouteName(provider: "builtin", operation: "procedural"),
            request: request,
            kind: .rendered
        )
    }
}
