/// Limits and timeouts of a server; the defaults suit a gateway on the open internet.
package struct ServerLimits: Sendable, Equatable {
    /// Sizes of targets, sections and bodies.
    package var parser = ParserLimits()
    /// Connections at once over all loops; one more gets 503 and is closed.
    package var connections = 10_000
    /// Connections at once of one address, an IPv6 network of 64 bits counting as one; one more gets 429 and is closed.
    ///
    /// Unix sockets have no address and are not counted.
    package var connectionsPerAddress = 1000
    /// Whether this machine's own addresses may have as many as there are.
    ///
    /// A proxy in front of the gateway speaks for everybody from one address, and what is on the machine can do worse
    /// things to it than connect.
    package var sparesLoopback = true
    /// What the buffers of all connections may hold together, in bytes; beyond it the largest are closed.
    package var memory = 256 << 20
    /// From the first byte of a request, or from the accept of its connection, to the end of the header section.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a body may take to bring its next `bodyProgress` bytes.
    package var bodyTimeout: Duration = .seconds(30)
    /// The least that each `bodyTimeout` must bring, so that a trickle does not hold a connection.
    package var bodyProgress = 16 * 1024
    /// How long a connection may rest between two requests.
    package var idleTimeout: Duration = .seconds(60)
    /// How long a client may take to receive the next `writeProgress` bytes of an answer that waits for it.
    package var writeTimeout: Duration = .seconds(30)
    /// The least that must have arrived at the client in each `writeTimeout`, so that a trickle does not hold an answer.
    package var writeProgress = 16 * 1024
    /// How long the server reads on after its last answer, so that the client gets to see it.
    package var lingerTimeout: Duration = .seconds(5)
    /// Bytes held in each direction before the other side has to wait.
    package var buffer = 64 * 1024
    /// Requests of a pipeline that are answered before the other connections of the loop get their turn.
    package var pipelineTurn = 16

    /// The defaults.
    package init() {}
}
