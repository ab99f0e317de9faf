/// Limits and timeouts of a server; the defaults suit a gateway on the open internet.
package struct ServerLimits: Sendable, Equatable {
    /// Sizes of targets, sections and bodies.
    package var parser = ParserLimits()
    /// Connections at once over all loops; one more gets 503 and is closed.
    package var connections = 10_000
    /// From the first byte of a request, or from the accept of its connection, to the end of the header section.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a body may take to bring its next `bodyProgress` bytes.
    package var bodyTimeout: Duration = .seconds(30)
    /// The least that each `bodyTimeout` must bring, so that a trickle does not hold a connection.
    package var bodyProgress = 1024
    /// How long a connection may rest between two requests.
    package var idleTimeout: Duration = .seconds(60)
    /// How long a client may take no byte of an answer.
    package var writeTimeout: Duration = .seconds(30)
    /// How long the server reads on after its last answer, so that the client gets to see it.
    package var lingerTimeout: Duration = .seconds(5)
    /// Bytes held in each direction before the other side has to wait.
    package var buffer = 64 * 1024

    /// The defaults.
    package init() {}
}
