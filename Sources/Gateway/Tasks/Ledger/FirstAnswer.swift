package import Sound

/// A client's own name for a create, so that the same create sent again is not another one.
package struct IdempotencyKey: Sendable, Hashable {
    /// Whose name it is: clients do not share them.
    package let client: String?
    package let value: String

    /// A client's name for a create.
    package init(client: String?, value: String) {
        self.client = client
        self.value = value
    }
}

/// What a create under an idempotency key was answered with, to be given again.
package struct FirstAnswer: Sendable, Equatable {
    /// How long a key is remembered.
    package static let keptFor = Duration.seconds(86_400)

    package let key: IdempotencyKey
    /// What was asked for: a hash of the request's content.
    package let fingerprint: String
    package let task: TaskID
    package var status: Int
    package var body: [UInt8]
    package let createdAt: Moment

    /// An answer from its parts.
    package init(
        key: IdempotencyKey,
        fingerprint: String,
        task: TaskID,
        status: Int,
        body: [UInt8],
        createdAt: Moment
    ) {
        self.key = key
        self.fingerprint = fingerprint
        self.task = task
        self.status = status
        self.body = body
        self.createdAt = createdAt
    }
}

/// What became of a create.
package enum Admission: Sendable, Equatable {
    /// A new task is stored.
    case admitted
    /// Nothing was stored: the key has had its answer.
    case known(FirstAnswer)
}
