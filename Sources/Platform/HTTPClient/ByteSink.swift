package import HTTP

/// Takes the content of an answer piece by piece.
///
/// Calls come one after another, from the task that called `download`. While one runs, at most some 256 KiB wait in
/// memory; then the transfer pauses and the peer feels it.
package protocol ByteSink {
    /// Looks at the answer's head and says whether its content is wanted; a refusal ends the call with reason `sink`.
    func head(_ status: Status, _ fields: Fields) async throws -> Acceptance
    /// Takes the next bytes; returning is the sign that more may come. An error ends the call with reason `sink`.
    func write(_ bytes: [UInt8]) async throws
}

/// A sink's word on an answer.
package enum Acceptance: Sendable, Equatable {
    case accept
    /// The content is not read; the reason goes into the failure's message.
    case refuse(String)
}
