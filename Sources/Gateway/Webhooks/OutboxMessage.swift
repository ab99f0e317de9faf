import HTTP
package import Sound

/// Something that one webhook address is to be told, as it was when it happened.
package struct OutboxMessage: Sendable, Equatable {
    /// Where a message stands.
    package enum State: String, Sendable, CaseIterable {
        /// It is to be sent, now or later.
        case pending
        /// The receiver took it.
        case delivered
        /// Every try failed, or the receiver said that it is gone; nothing is tried until somebody sends it again.
        case dead
    }

    /// The `webhook-id`: the same for every try, and never given to another message.
    package var id: String
    package var task: TaskID
    /// Place among the messages of its task, from 1; the next one waits until those before it are settled.
    package var number: Int
    package var client: String?
    package var url: String
    /// The event's type, such as `sound.succeeded`.
    package var type: String
    package var createdAt: Moment
    /// What is sent, byte for byte.
    package var body: [UInt8]
    package var state: State
    /// Tries so far.
    package var tries: Int
    /// When the next try may be made, while it is pending.
    package var dueAt: Moment
    /// When it was delivered or given up.
    package var settledAt: Moment?
    /// What came of the last try, in words without addresses or secrets.
    package var lastError: String?
    /// The status of the last answer, where there was one.
    package var lastStatus: Int?
    /// The request that its task came with.
    package var provenance: Provenance?

    /// A message that has not been tried.
    package init(
        id: String,
        task: TaskID,
        number: Int,
        client: String?,
        url: String,
        type: String,
        createdAt: Moment,
        body: [UInt8]
    ) {
        self.id = id
        self.task = task
        self.number = number
        self.client = client
        self.url = url
        self.type = type
        self.createdAt = createdAt
        self.body = body
        state = .pending
        tries = 0
        dueAt = createdAt
    }

    /// Scheme, host and port of the address: what limits and breakers are kept by.
    package var host: String {
        HTTPURL(url)?.origin ?? url
    }
}
