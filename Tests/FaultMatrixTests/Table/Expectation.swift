import Sound

/// How a task ends, and what the vendor saw of it.
struct Expectation: Hashable, Sendable {
    var status: TaskStatus
    var error: Failure.Code?
    var attempts: [AttemptRecord.State]
    /// Creates that reached the vendor.
    var creates: Int
    /// Jobs that the vendor took: what may have to be paid.
    var accepted: Int

    /// The fault passes: one create, one job, the audio is there.
    static let succeeds = Expectation(
        status: .succeeded,
        error: nil,
        attempts: [.succeeded],
        creates: 1,
        accepted: 1
    )

    /// Nobody can tell whether the vendor took the job: never a second create, the deadline decides.
    static func unknown(accepted: Int) -> Expectation {
        Expectation(
            status: .failed,
            error: .acceptanceUnknown,
            attempts: [.unknown],
            creates: 1,
            accepted: accepted
        )
    }

    /// The vendor surely did not take the job; what passes with time is tried three times at the last candidate.
    static func refused(_ code: Failure.Code) -> Expectation {
        let tries = passesWithTime.contains(code) ? 3 : 1
        return Expectation(
            status: .failed,
            error: code,
            attempts: Array(repeating: .failed, count: tries),
            creates: tries,
            accepted: 0
        )
    }

    /// The vendor took the job, and it came to nothing: never a second create at this vendor.
    static func fails(_ code: Failure.Code) -> Expectation {
        Expectation(status: .failed, error: code, attempts: [.failed], creates: 1, accepted: 1)
    }

    static let canceled = Expectation(
        status: .canceled,
        error: .canceled,
        attempts: [.canceled],
        creates: 1,
        accepted: 1
    )

    /// The refusals that pass with time.
    static let passesWithTime: Set<Failure.Code> = [.rateLimited, .providerUnavailable]

    /// The refusals after which another candidate is asked; after acceptance it is `provider_failed` alone.
    static let movesOn: Set<Failure.Code> = [
        .rateLimited, .providerUnavailable, .insufficientCredits, .providerAuth, .promptTooLong,
    ]

    /// Whether a second candidate is asked.
    var movesOn: Bool {
        guard let error, attempts.first == .failed else { return false }
        return accepted == 0 ? Self.movesOn.contains(error) : error == .providerFailed
    }
}

extension Expectation: CustomStringConvertible {
    var description: String {
        let states = attempts.map(\.rawValue).joined(separator: ", ")
        return "\(status.rawValue) (\(error?.rawValue ?? "-")), attempts \(states), "
            + "\(creates) creates, \(accepted) jobs"
    }
}
