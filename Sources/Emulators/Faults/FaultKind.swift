/// A way in which a double can misbehave, by the name that the control route knows.
///
/// The words of each constant say what a caller sees. A vendor adds its own by an extension.
struct FaultKind: RawRepresentable, Hashable, Sendable {
    let rawValue: String

    init(rawValue: String) { self.rawValue = rawValue }

    // MARK: Any call

    /// The vendor's own refusal with the fault's `code`, or by the fault's `word`; no job is taken.
    static let refuse = FaultKind(rawValue: "refuse")
    /// Status 502 with a web server's HTML page; the job is taken only with `takes_job`.
    static let html502 = FaultKind(rawValue: "html502")
    /// Status 500 with the vendor's own error body; the job is taken only with `takes_job`.
    static let http500 = FaultKind(rawValue: "http_500")
    /// The answer is whole, but `seconds` late (5 unless told); a job is taken at once.
    static let slow = FaultKind(rawValue: "slow")
    /// The connection is cut after half of the answer's body; a job is taken.
    static let halfBody = FaultKind(rawValue: "half_body")

    // MARK: Create

    /// The connection is cut without an answer; no job is taken.
    static let dropBeforeAccept = FaultKind(rawValue: "drop_before_accept")
    /// The connection is cut without an answer; the job is taken and paid for.
    static let dropAfterAccept = FaultKind(rawValue: "drop_after_accept")

    // MARK: Calls other than create

    /// The connection is cut without an answer.
    static let drop = FaultKind(rawValue: "drop")

    // MARK: Poll

    /// A status word that nobody has heard of: `word`, or one of the double's choice.
    static let unknownWord = FaultKind(rawValue: "unknown_word")
    /// The vendor's answer for a task that does not exist.
    static let notFound = FaultKind(rawValue: "not_found")
    /// The task has failed, and stays so.
    static let failed = FaultKind(rawValue: "failed")
    /// The vendor's moderation has refused the task's prompt, for good.
    static let sensitive = FaultKind(rawValue: "sensitive")
    /// The task stays in its first state for ever.
    static let never = FaultKind(rawValue: "never")
    /// The task could not be started after all, and never will be; where the vendor has a word of its own for that.
    static let createFailed = FaultKind(rawValue: "create_failed")

    // MARK: Asset

    /// Status 404 as long as the fault lasts, then the file.
    static let missingThenFound = FaultKind(rawValue: "missing_then_found")
    /// The first half of the file, as if it were the whole.
    static let truncated = FaultKind(rawValue: "truncated")
    /// Status 200 with a web page in place of audio.
    static let html = FaultKind(rawValue: "html")
    /// Status 200 and no bytes.
    static let empty = FaultKind(rawValue: "empty")
    /// Status 403, as for a link that is too old.
    static let expired = FaultKind(rawValue: "expired")

    // MARK: Callback

    /// The callback is not sent.
    static let lost = FaultKind(rawValue: "lost")
    /// The callback is sent twice.
    static let duplicate = FaultKind(rawValue: "duplicate")
    /// The callback is sent `seconds` later (5 unless told), and those behind it wait for it.
    static let late = FaultKind(rawValue: "late")
    /// The callback's signature, if it has one, is wrong.
    static let forged = FaultKind(rawValue: "forged")

    /// What every double plays.
    static func shared(for operation: VendorOperation) -> [FaultKind] {
        switch operation {
        case .create: [refuse, html502, http500, slow, halfBody, dropBeforeAccept, dropAfterAccept]
        case .poll:
            [refuse, html502, http500, slow, halfBody, drop, unknownWord, notFound, failed, sensitive, never]
        case .callback: [lost, duplicate, late, forged, failed, sensitive, never]
        case .unknown: []
        case .cancel, .credits, .registration, .lyrics: [refuse, html502, http500, slow, halfBody, drop]
        case .file: [refuse, html502, http500, slow, halfBody, drop, notFound]
        case .asset:
            [html502, http500, slow, halfBody, drop, missingThenFound, truncated, html, empty, expired]
        }
    }

    /// Whether it decides a task's end rather than the answer to one call.
    var isFate: Bool { [.failed, .sensitive, .never, .createFailed].contains(self) }
}
