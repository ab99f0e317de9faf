package import Sound

/// What is counted: tasks, or a unit that vendors bill.
package struct Meter: Sendable, Hashable {
    /// The provider that bills; `nil` for tasks, and in a limit for all providers together.
    package let provider: String?
    package let unit: String

    /// A unit, of one provider or of all.
    package init(_ unit: String, of provider: String? = nil) {
        self.unit = unit
        self.provider = provider
    }

    /// Tasks, whoever makes them.
    package static let tasks = Meter("tasks")

    /// Whether what is counted on the other meter counts on this one.
    package func covers(_ other: Meter) -> Bool {
        unit == other.unit && (provider == nil || provider == other.provider)
    }
}

/// What one task takes of its client's quotas: reserved while it is under way, settled when it is known.
///
/// In whole millionths, so that taking and giving back in any order comes to nothing.
package struct Charge: Sendable, Equatable {
    /// Millionths on each meter; none of them zero.
    package private(set) var amounts: [Meter: Int64] = [:]

    /// Nothing.
    package init() {}

    /// One, in millionths.
    package static let one: Int64 = 1_000_000

    package var isEmpty: Bool { amounts.isEmpty }

    /// Adds millionths to a meter.
    package mutating func add(_ millionths: Int64, on meter: Meter) {
        let sum = (amounts[meter] ?? 0) + millionths
        amounts[meter] = sum == 0 ? nil : sum
    }

    mutating func add(_ amount: Cost.Amount, of provider: String) {
        add(amount.millionths, on: Meter(amount.unit, of: provider))
    }

    /// What has come to this charge since another one.
    package func change(since before: Charge) -> Charge {
        var change = self
        for (meter, amount) in before.amounts { change.add(-amount, on: meter) }
        return change
    }

    /// What counts on a limit's meter.
    package func amount(on meter: Meter) -> Int64 {
        amounts.reduce(0) { meter.covers($1.key) ? $0 + $1.value : $0 }
    }
}

extension TaskRecord {
    /// What the task takes of its client's quotas as it stands.
    ///
    /// A function of the record alone, so that it can be reckoned again at any time. Calls that wait and calls under way
    /// count with their estimate, or with what the vendor said. When the task has ended, it counts as a task if anything
    /// was or may have been begun for it.
    package var charge: Charge {
        var charge = Charge()
        if !status.hasEnded || attempts.contains(where: \.mayHaveBegun) || !outputs.isEmpty {
            charge.add(Charge.one, on: .tasks)
        }
        for attempt in attempts {
            guard let amount = attempt.isPaid ? attempt.cost?.amount ?? estimate(on: attempt.route) : nil
            else { continue }
            charge.add(amount, of: attempt.name.provider)
        }
        for call in waiting {
            guard let amount = estimate(on: call.route) else { continue }
            charge.add(amount, of: routes[call.route].name.provider)
        }
        return charge
    }

    /// What one call along a route is estimated to cost.
    func estimate(on route: Int) -> Cost.Amount? {
        guard routes.indices.contains(route) else { return nil }
        let calls = Double(routes[route].shares(of: request.variations).count)
        return routes[route].estimatedCost.map { Cost.Amount($0.amount / calls, $0.unit) }
    }
}

extension Cost.Amount {
    var millionths: Int64 { Int64((amount * 1e6).rounded()) }
}

extension AttemptRecord {
    /// Whether a vendor was, or may have been, set to work.
    fileprivate var mayHaveBegun: Bool {
        switch state {
        case .intended, .accepted, .succeeded, .unknown: true
        case .failed, .canceled: providerTaskID != nil || cost != nil
        }
    }

    /// Whether it is to be paid for, as far as anybody can tell.
    ///
    /// What a vendor says to have failed it gives back as a rule, unless it has told a price. A job that it took and that
    /// we gave up is paid for.
    var isPaid: Bool {
        switch state {
        case .intended, .accepted, .succeeded, .unknown: true
        case .canceled: cost != nil
        case .failed:
            if let cost { cost.kind == .actual || error?.isVendorsWord != true } else { false }
        }
    }
}

extension Failure {
    /// Whether the vendor itself said that there will be no sound.
    fileprivate var isVendorsWord: Bool {
        [.providerFailed, .providerRejected, .contentPolicy, .promptTooLong, .invalidRequest].contains(code)
    }
}
