/// Why a text is not the value that is wanted there.
package struct Malformed: Error, Sendable, Equatable {
    /// What is wrong, as the rest of a sentence that begins with the text: `is not a duration`.
    package let complaint: String
    /// What to do about it, as a command.
    package let remedy: String?

    /// A complaint and a way out.
    package init(_ complaint: String, remedy: String? = nil) {
        self.complaint = complaint
        self.remedy = remedy
    }
}
