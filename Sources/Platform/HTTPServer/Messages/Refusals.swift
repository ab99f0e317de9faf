/// How many connections were turned away or closed, by reason: since it was last told, or in all.
package struct Refusals: Sendable, Equatable {
    /// Turned away: as many connections are open as may be.
    package var connections = 0
    /// Turned away: their address has as many as it may have.
    package var address = 0
    /// Turned away or closed: the buffers of all connections hold as much as they may.
    package var memory = 0
    /// Turned away: the process had no descriptor left.
    package var descriptors = 0

    /// None at all.
    package init() {}
}
