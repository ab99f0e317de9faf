package import Sound

/// What one task comes to, at each operation that it was at and in each unit that is billed there.
package struct Usage: Sendable, Equatable {
    /// Where something counts.
    package struct Place: Sendable, Hashable {
        /// Empty, as is the operation, for a task without any way to go.
        package let provider: String
        package let operation: String
        /// What costs are in; empty for everything but costs.
        package let unit: String

        /// An operation, and the unit of a cost.
        package init(_ name: RouteName?, unit: String = "") {
            self.init(provider: name?.provider ?? "", operation: name?.operation ?? "", unit: unit)
        }

        /// A place from its parts.
        package init(provider: String, operation: String, unit: String) {
            self.provider = provider
            self.operation = operation
            self.unit = unit
        }
    }

    /// None of them zero.
    package private(set) var figures: [Place: UsageFigures] = [:]

    /// Nothing.
    package init() {}

    /// Adds to what counts somewhere.
    package mutating func add(at place: Place, _ change: (inout UsageFigures) -> Void) {
        var sum = figures[place] ?? UsageFigures()
        change(&sum)
        figures[place] = sum == UsageFigures() ? nil : sum
    }

    /// What has come to this usage since another one.
    package func change(since before: Usage) -> Usage {
        var change = self
        for (place, figures) in before.figures { change.add(at: place) { $0 -= figures } }
        return change
    }
}

extension TaskRecord {
    /// What the task comes to as it stands.
    ///
    /// A function of the record alone, so that it can be reckoned again at any time. The task counts where it is shown,
    /// each call and its takes where it was made. Costs are those of the task's charge: calls that wait and calls under
    /// way with their estimate, or with what the vendor said.
    package var usage: Usage {
        var usage = Usage()
        usage.add(at: Usage.Place(route?.name)) { sum in
            sum.tasks += 1
            switch status {
            case .queued, .running: break
            case .succeeded: sum.succeeded += 1
            case .failed: sum.failed += 1
            case .canceled: sum.canceled += 1
            }
        }
        for attempt in attempts {
            let takes = outputs.filter { $0.attempt == attempt.number && $0.status == .ready }
            usage.add(at: Usage.Place(attempt.name)) { sum in
                sum.attempts += 1
                sum.outputs += Int64(takes.count)
                for take in takes { sum.audioMilliseconds += take.asset?.milliseconds ?? 0 }
            }
            if attempt.isPaid { usage.add(estimate(on: attempt.route), attempt.cost, at: attempt.name) }
        }
        for call in waiting where routes.indices.contains(call.route) {
            usage.add(estimate(on: call.route), nil, at: routes[call.route].name)
        }
        return usage
    }
}

extension Usage {
    /// Adds one call's cost: as it was reckoned beforehand, and as it is known.
    fileprivate mutating func add(_ estimate: Cost.Amount?, _ cost: Cost?, at name: RouteName) {
        let known = cost?.kind == .actual ? cost?.amount : nil
        // What a vendor says on taking a job is the better estimate.
        let reckoned = known == nil ? cost?.amount ?? estimate : estimate
        if let reckoned {
            add(at: Place(name, unit: reckoned.unit)) { sum in
                sum.estimated += reckoned.millionths
                if known == nil { sum.total += reckoned.millionths }
            }
        }
        guard let known else { return }
        add(at: Place(name, unit: known.unit)) { sum in
            sum.actual += known.millionths
            sum.total += known.millionths
        }
    }
}

extension AssetRecord {
    fileprivate var milliseconds: Int64 { Int64((duration * 1000).rounded()) }
}
