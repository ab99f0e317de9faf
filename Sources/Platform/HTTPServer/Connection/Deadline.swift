/// What the client owes next and until when, in nanoseconds of the monotonic clock.
enum Deadline {
    case none
    case header(UInt64)
    case body(UInt64)
    case idle(UInt64)
    case linger(UInt64)

    func hasPassed(at now: UInt64) -> Bool {
        switch self {
        case .none: false
        case .header(let due), .body(let due), .idle(let due), .linger(let due): due <= now
        }
    }
}
