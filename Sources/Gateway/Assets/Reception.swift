package import HTTP
package import Sound

/// What came of a call that is answered with audio.
///
/// The fields of a cut-off or too long answer may be missing: they are lost when the end overtakes the head.
package enum Reception: Sendable {
    /// Audio came and is kept, pinned.
    case kept(AssetRecord, Status, Fields)
    /// An answer with another status than 200, with at most 64 KiB of its body.
    case answered(Status, Fields, body: [UInt8])
    /// Status 200, but what came is no audio that we would serve; the vendor has done its work.
    case unusable(String, Fields)
    /// Status 200, but the body stopped half-way: the vendor took the call, the sound is lost.
    case cutOff(String, Fields)
    /// Surely nothing has left.
    case notSent(String)
    /// Something may have left and nothing came back.
    case unknown(String)
    /// Our own disk failed under an answer with status 200; the vendor is not at fault.
    case storage(String, Fields)
}
