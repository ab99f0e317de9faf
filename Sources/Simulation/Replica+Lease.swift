import EventLoop
import Sound
import Tasks

/// Taking over what nobody works on, and keeping it, as in the engine.
extension Replica {
    func renewed(asked: UInt64) {
        leaseHolds = asked &+ term.wholeNanoseconds
        push(.lease, after: term / 3)
        guard !isTakingUp else { return }
        beginClaiming()
    }

    /// Asks for work once no question about a share is under way.
    func beginClaiming() {
        if !isTakingUp {
            isTakingUp = true
            claims += 1
        }
        guard !vendors.contains(where: \.sharing.isAsking) else {
            return push(.takeUp, after: .milliseconds(5))
        }
        ask(.claim)
    }

    func tookUp(_ tasks: [StoredTask], asked: UInt64) {
        leaseHolds = asked &+ term.wholeNanoseconds
        guard tasks.isEmpty else {
            claimed += tasks
            return ask(.claim)
        }
        let all = claimed
        claimed = []
        let first = UInt32(rows.count)
        for (index, stored) in all.enumerated() {
            let slot = first + UInt32(index)
            rows.append(stored.row)
            whole[slot] = stored.whole
            moved[stored.row.task] = slot
            live += 1
            guard stored.row.state == .accepted || stored.row.state == .intended else { continue }
            let vendor = codec.vendor(of: stored.row.task, route: Int(stored.row.route))
            vendors[vendor].slots.hold(Codec.credential)
            rows[Int(slot)].standing.insert(.hasPlace)
        }
        for index in all.indices {
            let slot = first + UInt32(index)
            if parameters.breakage == .lostClaim, index == 0 {
                rows[Int(slot)].standing.insert(.isForgotten)
                continue
            }
            tally.adopted += 1
            facts.append(fact(.taken(replica: number), rows[Int(slot)]))
            adopt(slot)
        }
        claims -= 1
        isTakingUp = false
        for vendor in vendors.indices { push(.shares(UInt8(clamping: vendor)), after: .zero) }
    }
}
