/// How much of a request the parser takes before it refuses.
package struct ParserLimits: Sendable, Equatable {
    /// Longest request target in bytes, else 414.
    package var target = 8 * 1024
    /// Longest header or trailer section in bytes, line ends included, else 431.
    package var section = 32 * 1024
    /// Most lines in a section, else 431.
    package var fields = 100
    /// Longest body in bytes, else 413: at once when the length is told, with the chunk that passes it otherwise.
    package var body = 1024 * 1024
    /// Longest chunk-size line, extensions included, else 400.
    package var chunkLine = 256
    /// Most bytes of chunk extensions in one body, else 400.
    package var chunkExtensions = 4096

    /// The defaults.
    package init() {}
}
