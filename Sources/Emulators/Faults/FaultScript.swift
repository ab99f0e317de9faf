import JSON
import Threads

/// The faults still to be played, in the order they were asked for.
final class FaultScript: Sendable {
    private struct State {
        var faults: [Fault] = []
        var lastID = 0
    }

    private let state = Guarded(State())

    /// Puts faults at the end; gives them back with their ids.
    func add(_ faults: [Fault]) -> [Fault] {
        state.withLock { state in
            let numbered = faults.map { fault in
                state.lastID += 1
                var fault = fault
                fault.id = state.lastID
                return fault
            }
            state.faults += numbered
            return numbered
        }
    }

    /// The fault that strikes a call, if any: the first that matches and has let enough calls pass.
    ///
    /// When the call's task has its end already, or is none, `isDecided` keeps those faults that would decide it.
    func take(_ vendor: String, _ operation: VendorOperation, task: String?, isDecided: Bool) -> Fault? {
        state.withLock { state in
            for index in state.faults.indices {
                let fault = state.faults[index]
                guard fault.operation == operation, fault.vendor == vendor else { continue }
                guard fault.task == nil || fault.task == task, !(isDecided && fault.kind.isFate) else {
                    continue
                }
                guard state.faults[index].dice.shows(fault.chance) else { continue }
                if fault.skip > 0 {
                    state.faults[index].skip -= 1
                    continue
                }
                if let times = fault.times {
                    state.faults[index].times = times - 1
                    if times <= 1 { state.faults.remove(at: index) }
                }
                return fault
            }
            return nil
        }
    }

    /// What is left to be played.
    var remaining: [Fault] { state.withLock { $0.faults } }

    func removeAll() {
        state.withLock { $0.faults = [] }
    }
}
