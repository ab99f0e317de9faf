import JSON

/// A file as hydrating gives it: several sources, each ready or not.
struct VideoGenFile {
    private let file: JSONValue

    /// A file; `nil` for anything else.
    init?(_ file: JSONValue) {
        guard file["fileId"]?.string != nil else { return nil }
        self.file = file
    }

    /// Where the audio is: the first source that is ready, in the order of the vendor's SDK.
    var url: String? {
        sources.lazy
            .filter { $0["status"]?.string ?? "ready" == "ready" }
            .compactMap { $0["url"]?.string }
            .first { !$0.isEmpty }
    }

    /// True when there is nothing to wait for: no source is ready, and the vendor works on none.
    var isLost: Bool {
        let words = sources.compactMap { $0["status"]?.string }
        return !words.isEmpty && words.allSatisfy { ["failed", "skipped"].contains($0) }
    }

    var title: String? { file["displayName"]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    private var sources: [JSONValue] {
        ["downloadSource", "previewSource", "staticPublicPreviewSource"].compactMap { file[$0] }
            .filter { !$0.isNull }
    }
}
