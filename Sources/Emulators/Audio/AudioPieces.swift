import HTTP
import HTTPServer

/// A file that is sent piece by piece, as a vendor does that makes the sound while it sends it.
struct AudioPieces: Sendable {
    let file: OpenFile
    /// How many bytes are sent.
    let length: Int64
    /// Over how long the pieces are spread.
    let lasting: Duration
    let time: EmulatorTime

    private static let piece: Int64 = 16 * 1024

    /// Sends them.
    ///
    /// - Throws: when the client is gone, or the file cannot be read.
    func send(to writer: BodyWriter) async throws {
        let pause = lasting / max(Int((length + AudioPieces.piece - 1) / AudioPieces.piece), 1)
        for start in stride(from: 0, to: length, by: Int(AudioPieces.piece)) {
            let part = FileBody(file, range: start..<min(start + AudioPieces.piece, length))
            try await writer.write(Response(.ok, body: .file(part)).collectBody())
            await time.sleep(pause)
        }
    }
}
