package import HTTP

/// Takes the doubles' callbacks to those who asked for them.
package protocol CallbackCarrier: Sendable {
    /// Posts these bytes and returns with what came back, or with why nothing did.
    func carry(_ body: [UInt8], to url: String, _ fields: Fields) async -> CallbackReply
}

/// What came of one try to call back.
package enum CallbackReply: Sendable, Equatable {
    /// The status of the answer.
    case answered(Int)
    /// No answer, and why, in words.
    case failed(String)
}
