import HTTP
import HTTPClient
package import Sound

/// What came of sending a message once.
package enum Try: Sendable, Equatable {
    /// The receiver answered, and perhaps said when to come again.
    case answered(Int, wish: Duration? = nil)
    /// There was no answer, for a reason in words without addresses; whether that is the host's own doing.
    case failed(String, isHosts: Bool)
    /// Nothing can come of trying it again.
    case pointless(String)
    /// It was cut off: nobody knows.
    case cut

    /// What an answer, or the want of one, comes to.
    init(_ answer: Result<UpstreamResponse, TransportFailure>, now: Moment) {
        switch answer {
        case .success(let response):
            let mayWish = response.status == .tooManyRequests || response.status == .serviceUnavailable
            let wish = mayWish ? RetrySchedule.wish(response.fields["Retry-After"], at: now) : nil
            self = .answered(response.status.code, wish: wish)
        case .failure(let failure):
            // The head decides: what follows it may be too long, or break off.
            if let status = failure.status, failure.reason != .cancelled {
                self = .answered(status.code)
            } else {
                self = Self.unanswered(failure.reason)
            }
        }
    }

    private static func unanswered(_ reason: TransportFailure.Reason) -> Try {
        switch reason {
        case .badURL, .badRequest: .pointless("the address cannot be called")
        case .resolve: .failed("the host's name cannot be resolved", isHosts: true)
        case .connect: .failed("the host takes no connection", isHosts: true)
        case .addressRefused:
            .failed("the host's address is neither public nor in webhooks.allow", isHosts: false)
        case .tls: .failed("no secure connection could be made", isHosts: true)
        case .timeout: .failed("no answer in time", isHosts: true)
        case .closed: .failed("the connection was closed before an answer came", isHosts: true)
        case .malformed, .truncated, .tooLarge, .tooManyRedirects, .sink:
            .failed("the answer is no HTTP", isHosts: true)
        case .cancelled: .cut
        case .unavailable: .failed("the gateway could not send it", isHosts: false)
        }
    }

    /// Whether it tells that the host is there, or that it is not; `nil` when it tells neither.
    ///
    /// Status 500 is a fault of one endpoint, and there may be many on a host.
    package var isHostWell: Bool? {
        switch self {
        case .answered(let status, _): ![429, 502, 503, 504].contains(status)
        case .failed(_, let isHosts): isHosts ? false : nil
        case .pointless, .cut: nil
        }
    }
}

extension OutboxMessage {
    /// Takes in what came of a try: it is delivered, dead, or due again.
    package mutating func take(_ outcome: Try, at now: Moment, by schedule: RetrySchedule) {
        if case .cut = outcome { return }
        tries += 1
        lastStatus = nil
        switch outcome {
        case .answered(let status, let wish):
            lastStatus = status
            lastError = nil
            if 200..<300 ~= status { return settle(.delivered, now) }
            lastError =
                300..<400 ~= status
                ? "answered \(status), and redirects are not followed" : "answered \(status)"
            if status == 410 { return settle(.dead, now) }
            putOff(schedule, wish: wish, now)
        case .failed(let reason, _):
            lastError = reason
            putOff(schedule, wish: nil, now)
        case .pointless(let reason):
            lastError = reason
            settle(.dead, now)
        case .cut: return
        }
    }

    /// Gives it up without a try, because its receiver has said for an earlier one that it is gone.
    mutating func giveUpAsGone(at now: Moment) {
        lastStatus = nil
        lastError = "not sent: the receiver answered 410 to an earlier message of this task"
        settle(.dead, now)
    }

    private mutating func settle(_ state: State, _ now: Moment) {
        self.state = state
        settledAt = now
    }

    private mutating func putOff(_ schedule: RetrySchedule, wish: Duration?, _ now: Moment) {
        guard let pause = schedule.pause(after: self, wish: wish) else { return settle(.dead, now) }
        dueAt = now.advanced(by: pause)
    }
}
