import Crypto
import HTTP
import Testing

/// The console as it is served; what it does is tested in a browser, end to end.
@Suite("The console's page")
struct ConsolePageTests {
    private static func page(_ body: (_ html: String, _ fields: Fields) throws -> Void) async throws {
        try await withHouse { house in
            let answer = try await house.send(.get, "/")
            try body(String(decoding: answer.body, as: UTF8.self), answer.fields)
        }
    }

    /// What stands between two texts that occur once.
    private static func part(of html: String, from start: String, to end: String) throws -> String {
        let opening = try #require(html.firstRange(of: start))
        let closing = try #require(html[opening.upperBound...].firstRange(of: end))
        return String(html[opening.upperBound..<closing.lowerBound])
    }

    @Test("It tells the version, and names nothing that would be loaded from elsewhere")
    func whole() async throws {
        try await Self.page { html, _ in
            #expect(html.contains("soundgate 1.2.3"))
            for hole in ["{{styles}}", "{{script}}", "{{version}}"] { #expect(!html.contains(hole)) }
            for outside in ["src=\"http", "href=\"http", "url(http", "@import", "//cdn", "import("] {
                #expect(!html.contains(outside), "\(outside)")
            }
        }
    }

    @Test("Its policy runs its own script and style alone, and nobody may frame it")
    func policy() async throws {
        try await Self.page { html, fields in
            let policy = try #require(fields["Content-Security-Policy"])
            func source(_ text: String) -> String {
                "'sha256-\(Base64.standard.encode(SHA256.hash(Array(text.utf8)).bytes))'"
            }
            let script = try Self.part(of: html, from: "<script type=\"module\">", to: "</script>")
            let style = try Self.part(of: html, from: "<style>", to: "</style>")
            let rules = policy.split(separator: ";").map { $0.drop { $0 == " " } }
            #expect(rules.contains("script-src \(source(script))"))
            #expect(rules.contains("style-src \(source(style))"))
            for rule in [
                "default-src 'none'", "connect-src 'self'", "media-src 'self' blob:", "base-uri 'none'",
                "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
                "trusted-types 'none'",
            ] { #expect(rules.contains(Substring(rule)), "\(rule)") }
            #expect(!policy.contains("unsafe"))
            #expect(html.ranges(of: "<script").count == 1)
            #expect(fields["X-Frame-Options"] == "DENY")
            #expect(fields["X-Content-Type-Options"] == "nosniff")
            #expect(fields["Referrer-Policy"] == "no-referrer")
        }
    }

    @Test("Its script parses no markup, runs no text, and keeps the key in the tab alone")
    func script() async throws {
        try await Self.page { html, _ in
            let script = try Self.part(of: html, from: "<script type=\"module\">", to: "</script>")
            for way in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                "DOMParser", "createContextualFragment", "srcdoc", "document.cookie", "indexedDB",
            ] { #expect(!script.contains(way), "\(way)") }
            let lines = script.split(separator: "\n")
            // What is kept for longer than the tab is the choice of colours.
            #expect(
                lines.filter { $0.contains("localStorage") }.allSatisfy { $0.contains("soundgate.theme") }
            )
            #expect(!lines.contains { $0.hasPrefix("import ") || $0.hasPrefix("export ") })
        }
    }
}
