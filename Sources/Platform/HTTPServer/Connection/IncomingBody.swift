import HTTP

/// The body of the request in hand: what has come and is not taken, and who waits for more.
struct IncomingBody {
    private(set) var isOpen = false
    private(set) var length: Int?
    private var bytes: [UInt8] = []
    private var failure: BodyError?
    private var waiter: CheckedContinuation<[UInt8]?, any Error>?
    /// The client waits for `100 Continue`.
    private(set) var owesContinue = false
    private var hasBegun = false
    private var due: UInt64 = .max
    private var progress = 0
    /// Bytes that the handler has taken and may still hold.
    private var taken = 0

    init() {}

    init(_ head: RequestHead, now: UInt64, timeout: UInt64) {
        guard head.framing != .none else { return }
        isOpen = true
        owesContinue = head.expectsContinue
        if case .length(let count) = head.framing { length = count }
        due = now &+ timeout
    }

    var buffered: Int { bytes.count }

    /// Bytes of memory that the body takes here and, at most, with its handler.
    var held: Int { bytes.capacity + taken }

    /// The handler has answered and holds nothing any more.
    mutating func handlerEnded() { taken = 0 }

    /// What the client did wrong within the body, if it did.
    var refusal: ParseFailure? {
        switch failure {
        case .refused(let refusal)?: refusal
        case .timedOut?: ParseFailure(.requestTimeout, "the body took too long")
        default: nil
        }
    }

    /// Whether the body can no longer be read to its end.
    var hasFailed: Bool { failure != nil }

    /// Whether the client is late: the time is up, and a reader waits for it.
    func isLate(at now: UInt64) -> Bool { waiter != nil && due <= now }

    mutating func append(_ input: Span<UInt8>, now: UInt64, timeout: UInt64, least: Int) {
        owesContinue = false
        progress += input.count
        if progress >= least {
            progress = 0
            due = now &+ timeout
        }
        unsafe input.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }

    /// The last byte has come.
    mutating func close() {
        isOpen = false
        owesContinue = false
        due = .max
        deliver()
    }

    mutating func fail(_ error: BodyError) {
        guard isOpen, failure == nil else { return }
        failure = error
        deliver()
    }

    /// Whether `100 Continue` is to be sent now; true once.
    mutating func takeContinue() -> Bool {
        defer { owesContinue = false }
        return owesContinue
    }

    /// Starts the clock anew if it ran out before anyone asked: then the server was the slow one.
    mutating func restartClock(now: UInt64, timeout: UInt64) {
        guard isOpen, due <= now else { return }
        due = now &+ timeout
        progress = 0
    }

    /// Gives what is there to the waiter, if there is anything to say.
    mutating func deliver() {
        guard let waiter, let piece = take() else { return }
        self.waiter = nil
        waiter.resume(with: piece)
    }

    /// What a reader gets now: bytes, the end, or an error; `nil` when it has to wait.
    mutating func take() -> Result<[UInt8]?, any Error>? {
        if !bytes.isEmpty {
            defer { bytes = [] }
            taken += bytes.count
            return .success(bytes)
        }
        if let failure { return .failure(failure) }
        return isOpen ? nil : .success(nil)
    }

    mutating func wait(_ continuation: CheckedContinuation<[UInt8]?, any Error>) {
        // One reader at a time: a second one would take pieces from the middle of the first one's body.
        waiter?.resume(returning: nil)
        waiter = continuation
        deliver()
    }
}
