/// The states that a job goes through by itself as time passes.
struct Timeline<Phase: Sendable>: Sendable {
    let first: Phase
    /// Later states, each with the time since acceptance from which it holds, in ascending order.
    let steps: [(from: Duration, phase: Phase)]

    /// The state of a job of that age.
    func phase(at age: Duration) -> Phase {
        steps.last { $0.from <= age }?.phase ?? first
    }
}
