import HTTP
import Telemetry

/// A callback as it goes out: where to, and its exact bytes.
struct CallbackPost: Sendable {
    /// The vendor's own word for it, for the record: `complete`, `album_cover_generation`.
    let label: String
    let url: String
    let body: [UInt8]
    /// The fields of one try at a date.
    ///
    /// They are made anew for each try, so that a signature's date is that of the try.
    let fields: @Sendable (_ date: Timestamp) -> Fields
    /// Told once: whether it was accepted, at once or by a later try.
    let ended: @Sendable (_ isAccepted: Bool) -> Void

    /// A post of JSON with further fields, such as a signature over the bytes.
    init(
        _ label: String,
        to url: String,
        _ body: [UInt8],
        fields: @escaping @Sendable (_ date: Timestamp) -> Fields = { _ in [:] },
        ended: @escaping @Sendable (_ isAccepted: Bool) -> Void = { _ in }
    ) {
        self.label = label
        self.url = url
        self.body = body
        self.fields = { date in
            var all = fields(date)
            if !all.contains("Content-Type") { all["Content-Type"] = "application/json" }
            return all
        }
        self.ended = ended
    }
}
