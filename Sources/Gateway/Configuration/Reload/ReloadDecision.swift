/// What becomes of a configuration that was read while another one is at work.
package enum ReloadDecision: Sendable, Equatable {
    /// It says what is at work already, as far as that can be taken up now.
    ///
    /// `waiting` is what a restart would take up.
    case unchanged(waiting: [ConfigurationChange])
    /// It is right by itself, and wrong beside what can only be changed by a restart.
    case refused(ConfigurationProblem)
    /// This takes its place: the new one, but for what waits for a restart.
    case take(GatewayConfiguration, taken: [ConfigurationChange], waiting: [ConfigurationChange])

    /// Holds what was read against what is at work.
    package init(running: GatewayConfiguration, read: GatewayConfiguration, adapters: [KnownAdapter]) {
        let comparison = Comparison<GatewayConfiguration>.section { _ in
            GatewayConfiguration.section(adapters: adapters)
        }
        let changes = comparison.changes(running, read, "")
        let waiting = changes.filter(\.needsRestart)
        var next = read
        comparison.keep(running, &next)
        // Who may call is decided for the address in the file; here it is the one that is listened on.
        if let exposure = next.checkExposure() {
            self = .refused(exposure)
        } else if next == running {
            self = .unchanged(waiting: waiting)
        } else {
            self = .take(next, taken: changes.filter { !$0.needsRestart }, waiting: waiting)
        }
    }
}
