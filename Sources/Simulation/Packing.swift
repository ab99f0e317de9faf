/// What waits in heaps, in 64 bits: those are quick in every module.
extension Replica.Due {
    private static func pack(_ kind: UInt64, slot: UInt32 = 0, small: UInt8 = 0, turn: UInt16 = 0) -> UInt64 {
        kind << 60 | UInt64(slot) << 28 | UInt64(small) << 20 | UInt64(turn) << 4
    }

    var packed: UInt64 {
        switch self {
        case .deadline(let slot): Self.pack(0, slot: slot)
        case .slot(let slot, let request): Self.pack(1, slot: slot, small: request)
        case .poll(let slot, let attempt, let turn): Self.pack(2, slot: slot, small: attempt, turn: turn)
        case .lease: Self.pack(3)
        case .takeUp: Self.pack(4)
        case .shares(let vendor): Self.pack(5, small: vendor)
        case .opening(let vendor): Self.pack(6, small: vendor)
        case .courier: Self.pack(7)
        }
    }

    init(packed: UInt64) {
        let slot = UInt32(truncatingIfNeeded: packed >> 28)
        let small = UInt8(truncatingIfNeeded: packed >> 20)
        switch packed >> 60 {
        case 0: self = .deadline(slot)
        case 1: self = .slot(slot, request: small)
        case 2: self = .poll(slot, attempt: small, turn: UInt16(truncatingIfNeeded: packed >> 4))
        case 3: self = .lease
        case 4: self = .takeUp
        case 5: self = .shares(small)
        case 6: self = .opening(small)
        default: self = .courier
        }
    }
}

extension Replica.Arrival {
    private static func pack(_ kind: UInt64, slot: UInt32 = 0, small: UInt8 = 0, flag: Bool = false) -> UInt64
    {
        kind << 60 | UInt64(slot) << 28 | UInt64(small) << 20 | (flag ? 1 : 0)
    }

    var packed: UInt64 {
        switch self {
        case .submitted(let slot, let attempt): Self.pack(0, slot: slot, small: attempt)
        case .polled(let slot, let attempt, let isDone):
            Self.pack(1, slot: slot, small: attempt, flag: isDone)
        case .fetched(let slot, let attempt): Self.pack(2, slot: slot, small: attempt)
        case .called(let slot, let attempt): Self.pack(3, slot: slot, small: attempt)
        case .landed(let flight): Self.pack(4, slot: flight)
        case .committed(let slot): Self.pack(5, slot: slot)
        case .told(let isFreed, let vendor): Self.pack(6, small: vendor, flag: isFreed)
        case .answer(let number): 7 << 60 | UInt64(number)
        }
    }

    init(packed: UInt64) {
        let slot = UInt32(truncatingIfNeeded: packed >> 28)
        let small = UInt8(truncatingIfNeeded: packed >> 20)
        let flag = packed & 1 == 1
        switch packed >> 60 {
        case 0: self = .submitted(slot, attempt: small)
        case 1: self = .polled(slot, attempt: small, isDone: flag)
        case 2: self = .fetched(slot, attempt: small)
        case 3: self = .called(slot, attempt: small)
        case 4: self = .landed(slot)
        case 5: self = .committed(slot)
        case 6: self = .told(isFreed: flag, vendor: small)
        default: self = .answer(Int(packed & (1 << 60 - 1)))
        }
    }
}

extension Auditor.Step {
    var packed: UInt64 {
        kind.rawValue << 60 | (isTaken ? 1 << 59 : 0) | (fails ? 1 << 58 : 0) | UInt64(task) << 24
            | UInt64(vendor) << 8 | UInt64(attempt)
    }

    init?(packed: UInt64) {
        guard let kind = Kind(rawValue: packed >> 60) else { return nil }
        self.kind = kind
        isTaken = packed >> 59 & 1 == 1
        fails = packed >> 58 & 1 == 1
        task = UInt32(truncatingIfNeeded: packed >> 24)
        vendor = Int(packed >> 8 & 0xFFFF)
        attempt = UInt8(truncatingIfNeeded: packed)
    }
}
