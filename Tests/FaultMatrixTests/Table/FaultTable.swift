import JSON
import Sound
import Testing

/// One line of the matrix: what goes wrong, and what becomes of the task.
struct Row: Sendable {
    let subject: Subject
    let mishap: Mishap
    let rules: HouseRules
    let expected: Expectation
}

extension Row: CustomTestStringConvertible {
    var testDescription: String {
        "\(subject.route), \(mishap)\(rules.callbacks == .off ? "" : " (\(rules.callbacks))")"
    }
}

/// The matrix as data: the rule for each kind of fault, and beside it what only some vendors have.
enum FaultTable {
    static let rows = Subject.all.flatMap(rows)

    /// A rule: what goes wrong, in which house, and what comes of it.
    struct Rule {
        let mishap: Mishap
        var rules = HouseRules()
        let expected: Expectation

        init(_ mishap: Mishap, in rules: HouseRules = HouseRules(), _ expected: Expectation) {
            self.mishap = mishap
            self.rules = rules
            self.expected = expected
        }
    }

    private static func rows(_ subject: Subject) -> [Row] {
        let all =
            create(subject) + refusals(subject) + poll(subject) + pollRefusals(subject) + asset + file
            + cancel
            + callback(subject)
        return all.filter { subject.calls.contains($0.mishap.call) }.map { rule in
            Row(
                subject: subject,
                mishap: rule.mishap,
                rules: rule.rules,
                expected: rule.expected
            )
        }
    }

    /// An answer that does not come ends when the engine has waited long enough, which takes real time.
    private static let impatient = HouseRules(answersWithin: .seconds(3))

    // MARK: Create

    /// Whatever leaves and is not answered as it should be is unknown, and never sent again.
    private static func create(_ subject: Subject) -> [Rule] {
        [
            Rule(Mishap(call: .create, kind: "html502"), .unknown(accepted: 0)),
            Rule(Mishap(call: .create, kind: "html502", takesJob: true), .unknown(accepted: 1)),
            Rule(Mishap(call: .create, kind: "http_500"), .unknown(accepted: 0)),
            Rule(Mishap(call: .create, kind: "http_500", takesJob: true), .unknown(accepted: 1)),
            Rule(Mishap(call: .create, kind: "half_body"), .unknown(accepted: 1)),
            Rule(Mishap(call: .create, kind: "drop_before_accept"), .unknown(accepted: 0)),
            Rule(Mishap(call: .create, kind: "drop_after_accept"), .unknown(accepted: 1)),
            Rule(Mishap(call: .create, kind: "slow"), .succeeds),
            Rule(
                Mishap(call: .create, kind: "slow", seconds: Mishap.forever),
                in: impatient,
                .unknown(accepted: 1)
            ),
        ] + (subject.vendor == "elevenlabs" ? answeredCreate : [])
    }

    /// Where the audio is the answer: what the vendor has made is paid for, and is not asked for again.
    private static let answeredCreate = [
        Rule(Mishap(call: .create, kind: "sensitive"), .refused(.contentPolicy)),
        Rule(Mishap(call: .create, kind: "html"), .fails(.badResult)),
        Rule(Mishap(call: .create, kind: "empty"), .fails(.badResult)),
        Rule(Mishap(call: .create, kind: "truncated"), .fails(.badResult)),
        Rule(Mishap(call: .create, kind: "slow_body"), .succeeds),
    ]

    private static func refusals(_ subject: Subject) -> [Rule] {
        subject.refusals.sorted { "\($0.key)" < "\($1.key)" }.flatMap { refusal, code -> [Rule] in
            let always = Mishap(call: .create, kind: "refuse", refusal: refusal)
            guard let code else { return [Rule(always, .unknown(accepted: 0))] }
            guard Expectation.passesWithTime.contains(code) else { return [Rule(always, .refused(code))] }
            var once = always
            once.times = .count(1)
            var second = Expectation.succeeds
            second.attempts = [.failed, .succeeded]
            second.creates = 2
            return [Rule(always, .refused(code)), Rule(once, second)]
        }
    }

    // MARK: Poll

    /// What says nothing about the job ends nothing; only the vendor's word does, and the deadline.
    private static func poll(_ subject: Subject) -> [Rule] {
        ["html502", "http_500", "half_body", "drop"].flatMap { kind in
            [
                Rule(Mishap(call: .poll, kind: kind, times: .count(1)), .succeeds),
                Rule(Mishap(call: .poll, kind: kind), .fails(.deadlineExceeded)),
            ]
        } + [
            Rule(Mishap(call: .poll, kind: "unknown_word", times: .count(1)), .succeeds),
            Rule(Mishap(call: .poll, kind: "unknown_word"), in: endless(subject), .fails(.deadlineExceeded)),
            Rule(Mishap(call: .poll, kind: "slow"), .succeeds),
            Rule(
                Mishap(call: .poll, kind: "slow", times: .count(1), seconds: Mishap.forever),
                in: impatient,
                .succeeds
            ),
            Rule(Mishap(call: .poll, kind: "not_found", times: .count(3)), .succeeds),
            Rule(Mishap(call: .poll, kind: "not_found"), .fails(.providerRejected)),
            Rule(Mishap(call: .poll, kind: "failed"), .fails(.providerFailed)),
            Rule(Mishap(call: .poll, kind: "sensitive"), .fails(.contentPolicy)),
            Rule(Mishap(call: .poll, kind: "never"), .fails(.deadlineExceeded)),
        ]
    }

    /// A job that is never done: with a known word or without, audio that is there would be the task's.
    private static func endless(_ subject: Subject) -> HouseRules {
        let isMusicGPT = subject.vendor == "musicgpt"
        let name =
            isMusicGPT
            ? "\(subject.request.type == .music ? "music" : "sound")_seconds" : "generation_seconds"
        return HouseRules(settings: [name: 86_400])
    }

    private static func pollRefusals(_ subject: Subject) -> [Rule] {
        let own: [Rule] =
            subject.isSuno
            ? [
                Rule(Mishap(call: .poll, kind: "snake_case"), .succeeds),
                Rule(Mishap(call: .poll, kind: "create_failed"), .fails(.providerFailed)),
            ] : []
        return own
            + subject.pollRefusals.sorted { "\($0.key)" < "\($1.key)" }.flatMap { refusal, code in
                let always = Mishap(call: .poll, kind: "refuse", refusal: refusal)
                var passing = always
                passing.times = .count(3)
                return [Rule(passing, .succeeds), Rule(always, .fails(code ?? .deadlineExceeded))]
            }
    }

    // MARK: Results

    /// A result that cannot be had is fetched again for two minutes; the job is not made again.
    private static let asset: [Rule] =
        [
            "html502", "http_500", "half_body", "drop", "missing_then_found", "truncated", "html", "empty",
            "expired",
        ].flatMap { kind in
            [
                Rule(Mishap(call: .asset, kind: kind, times: .count(3)), .succeeds),
                Rule(Mishap(call: .asset, kind: kind), .fails(.badResult)),
            ]
        } + [Rule(Mishap(call: .asset, kind: "slow"), .succeeds)]

    private static let file: [Rule] =
        ["html502", "http_500", "half_body", "drop", "not_found"].flatMap { kind in
            [
                Rule(Mishap(call: .file, kind: kind, times: .count(3)), .succeeds),
                Rule(Mishap(call: .file, kind: kind), .fails(.badResult)),
            ]
        } + [
            Rule(Mishap(call: .file, kind: "slow"), .succeeds),
            Rule(Mishap(call: .file, kind: "refuse", times: .count(3), refusal: 429), .succeeds),
            Rule(Mishap(call: .file, kind: "refuse", refusal: 401), .fails(.badResult)),
        ]

    // MARK: Cancel

    /// Whatever the vendor says to it, the task is canceled.
    private static let cancel: [Rule] =
        [
            Mishap(call: .cancel, kind: "refuse", refusal: 400),
            Mishap(call: .cancel, kind: "refuse", refusal: 429),
        ].map { Rule($0, in: HouseRules(polls: false), .canceled) }
        + ["html502", "http_500", "half_body", "drop", "slow"].map { kind in
            Rule(Mishap(call: .cancel, kind: kind), in: HouseRules(polls: false), .canceled)
        }

    // MARK: Callback

    /// Callbacks are at best a reason to ask: none lost, doubled, late or forged changes the end.
    private static func callback(_ subject: Subject) -> [Rule] {
        let told = HouseRules(callbacks: .on, polls: false)
        let reversed = HouseRules(callbacks: .on, polls: false, settings: ["callback_order": "reversed"])
        let once = Mishap.Times.count(1)
        let usual = [
            Rule(Mishap(call: .callback, kind: "duplicate"), in: told, .succeeds),
            Rule(Mishap(call: .callback, kind: "duplicate"), in: reversed, .succeeds),
            Rule(Mishap(call: .callback, kind: "duplicate"), in: HouseRules(callbacks: .alone), .succeeds),
            Rule(Mishap(call: .callback, kind: "late"), in: told, .succeeds),
            Rule(Mishap(call: .callback, kind: "lost"), in: HouseRules(callbacks: .on), .succeeds),
            Rule(
                Mishap(call: .callback, kind: "lost"),
                in: HouseRules(callbacks: .alone),
                .fails(.deadlineExceeded)
            ),
            Rule(Mishap(call: .callback, kind: "forged"), in: HouseRules(callbacks: .on), .succeeds),
            Rule(Mishap(call: .callback, kind: "failed", times: once), in: told, .fails(.providerFailed)),
            Rule(Mishap(call: .callback, kind: "sensitive", times: once), in: told, .fails(.contentPolicy)),
            Rule(
                Mishap(call: .callback, kind: "never", times: once),
                in: HouseRules(callbacks: .on, polls: false),
                .fails(.deadlineExceeded)
            ),
        ]
        let own = [
            Rule(Mishap(call: .callback, kind: "unknown_word"), in: told, .succeeds),
            Rule(
                Mishap(call: .callback, kind: "create_failed", times: once),
                in: told,
                .fails(.providerFailed)
            ),
        ]
        return usual + (subject.isSuno ? own : [])
    }

    // MARK: Beside the way

    private static func besides(_ call: Call, _ times: [Mishap.Times]) -> [Mishap] {
        ["refuse", "html502", "http_500", "slow", "half_body", "drop"].flatMap { kind in
            times.map { Mishap(call: call, kind: kind, times: $0, refusal: kind == "refuse" ? 455 : nil) }
        }
    }

    /// Of the question for lyrics with their times.
    static let lyrics = besides(.lyrics, [.count(2), .always])
    /// Of the question for what is left on an account.
    static let credits = besides(.credits, [.always])
    /// Of the registration of our address, which a person asks for and sees fail.
    static let registration = besides(.registration, [.always])

    /// The kinds of faults that the table names for an operation, by call.
    static func kinds(of subject: Subject) -> [Call: Set<String>] {
        let mishaps = rows(subject).map(\.mishap) + lyrics + credits + registration
        return mishaps.reduce(into: [:]) { kinds, mishap in
            kinds[mishap.call, default: []].insert(mishap.kind)
        }
    }
}
