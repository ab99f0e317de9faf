import Threads

/// What a listener's handshakes begin with; its files can be read again while it runs.
///
/// A session keeps what it began with. Tickets are sealed with keys that are thrown away after twelve hours, and with each
/// reload: a client that comes back later, or after the authorities of clients have changed, makes a whole handshake.
package final class TLSIdentity: Sendable {
    private struct State {
        var context: TLSContext
        var madeAt: ContinuousClock.Instant
        var warnings: [TLSFileWarning]
        /// When the certificate ends.
        var ends: ContinuousClock.Instant?
    }

    private static let ticketKeysLive = Duration.seconds(12 * 3600)

    private let state: Guarded<State>

    /// Reads the files.
    ///
    /// Blocks for them; an expired certificate is a warning, for a listener that nobody can reach is worse.
    package init(_ files: TLSFiles) throws(TLSFileError) { state = Guarded(try Self.read(files)) }

    /// What should be looked at in the files that are in use.
    package var warnings: [TLSFileWarning] { state.withLock(\.warnings) }

    /// How long the certificate that is in use is good for, negative when its time is over; `nil` when it does not tell.
    package var timeLeft: Duration? { state.withLock(\.ends).map { ContinuousClock.now.duration(to: $0) } }

    /// Reads files in place of those in use, which are the same ones as a rule.
    ///
    /// Blocks for them.
    ///
    /// - Throws: why they cannot be used; then nothing has changed.
    package func reload(_ files: TLSFiles) throws(TLSFileError) {
        let read = try Self.read(files)
        state.withLock { $0 = read }
    }

    /// Whether the certificate speaks for a host, a name or a numeric address without brackets.
    package func covers(_ host: String) -> Bool { state.withLock(\.context).covers(host) }

    /// A session with a client that has just connected.
    package func session() -> TLSSession { TLSSession(context()) }

    private func context() -> TLSContext {
        let now = ContinuousClock.now
        return state.withLock { state in
            // It was made of the same parts before, so it can be again; if not, the old keys are better than no service.
            if now - state.madeAt > Self.ticketKeysLive, let renewed = try? state.context.renewed() {
                state.context = renewed
                state.madeAt = now
            }
            return state.context
        }
    }

    private static func read(_ files: TLSFiles) throws(TLSFileError) -> State {
        let material = try TLSMaterial(files)
        let left = material.chain[0].secondsLeft
        return State(
            context: try TLSContext(material),
            madeAt: .now,
            warnings: material.warnings,
            ends: left.map { ContinuousClock.now + .seconds($0) }
        )
    }
}

/// The certificates of authorities in a file.
package enum AuthorityFile {
    /// Reads a file as the check of a configuration does.
    ///
    /// - Returns: how many certificates it holds, at least one.
    package static func check(_ path: String) throws(TLSFileError) -> Int {
        try PEMFile(path, as: .clientAuthorities).certificates().count
    }
}
