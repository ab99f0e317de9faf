/// Why a request to the control route was refused, in a sentence.
struct ControlError: Error, Sendable {
    let message: String

    init(_ message: String) { self.message = message }
}
