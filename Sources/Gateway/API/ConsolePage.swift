import Crypto

/// The console: one page made of the files in `Resources/Console`, with a policy that lets nothing else run.
struct ConsolePage: Sendable {
    /// The page as it is sent.
    let html: String
    /// What the browser is told with it.
    let policy: String

    /// A page whose parts stand in it; the policy names them by their digests.
    init(version: String) {
        let styles = Self.text(PackageResources.base_css) + Self.text(PackageResources.parts_css)
        let script = Self.joined(Self.modules)
        html = Self.text(PackageResources.console_html)
            .replacing("{{styles}}", with: styles)
            .replacing("{{script}}", with: script)
            .replacing("{{version}}", with: version)
        policy = [
            "default-src 'none'", "script-src \(Self.source(script))", "style-src \(Self.source(styles))",
            "connect-src 'self'", "media-src 'self' blob:",
            // The icon, which stands in the page.
            "img-src data:",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
            // No text becomes markup: a browser that knows this refuses `innerHTML` and its like.
            "require-trusted-types-for 'script'", "trusted-types 'none'",
        ].joined(separator: "; ")
    }

    /// Each after those that it imports from.
    private static var modules: [[UInt8]] {
        [
            PackageResources.dom_js, PackageResources.words_js, PackageResources.session_js,
            PackageResources.events_js, PackageResources.player_js, PackageResources.sound_js,
            PackageResources.capabilities_js, PackageResources.composer_js, PackageResources.playground_js,
            PackageResources.detail_js, PackageResources.tasks_js, PackageResources.providers_js,
            PackageResources.plot_js, PackageResources.usage_js, PackageResources.app_js,
        ]
    }

    /// Modules as one: what they import from each other is there already, and what they export is simply there.
    static func joined(_ modules: [[UInt8]]) -> String {
        modules.map { module in
            text(module).split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.hasPrefix("import ") }
                .map { $0.hasPrefix("export ") ? $0.dropFirst("export ".count) : $0 }
                .joined(separator: "\n")
        }.joined(separator: "\n")
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// What a policy calls an element with this text.
    private static func source(_ text: String) -> String {
        "'sha256-\(Base64.standard.encode(SHA256.hash(Array(text.utf8)).bytes))'"
    }
}
