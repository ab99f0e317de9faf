package import JSON
package import Sound

/// Translates between the gateway's vocabulary and a vendor that answers the create with the audio itself.
package protocol AudioTranslating: Sendable {
    /// The call that is answered with audio.
    func submit(_ order: Order) -> UpstreamCall
    /// Reads the head of an answer with status 200: what its body is. `reply` has no body.
    ///
    /// The vendor has done the work and will charge it.
    func receipt(_ reply: UpstreamReply, for order: Order) -> AudioReceipt
    /// Reads an answer with any other status.
    func refusal(_ reply: UpstreamReply) -> SubmitError
    /// What is wrong with the caller's options for this provider.
    func problems(in options: JSONObject) -> [Problem]
}

extension AudioTranslating {
    /// Refuses every option, for providers that have none.
    package func problems(in options: JSONObject) -> [Problem] { unknownOptions(options) }
}

/// What comes with audio in an answer.
package struct AudioReceipt: Sendable, Equatable {
    /// The vendor's id of the call, where it gives one.
    package var id: String?
    /// How samples without a file around them are coded; `nil` for a file that says so itself.
    package var raw: RawAudio?
    /// What the vendor says that the call has cost.
    package var cost: Cost.Amount?

    /// What an answer's head says.
    package init(id: String? = nil, raw: RawAudio? = nil, cost: Cost.Amount? = nil) {
        self.id = id
        self.raw = raw
        self.cost = cost
    }
}
