import HTTP
import Testing

@Suite struct RequestTargetTests {
    @Test(arguments: [
        "", "a", "http://x/", "/a b", "/a\u{7f}", "/%", "/%2", "/%zz", "/%00", "/a#b", "/..", "/a/../b",
        "/%2e%2E/x",
        "/.", "/a/.", "/a/%2e", "/\"", "/é", "/%ff", "/?%", "/?a=%00", "/?#", "/a\\b", "/{x}", "/?a b",
        "/%C0%AE",
    ])
    func malformedTargetsAreRefused(_ text: String) {
        #expect(RequestTarget(text) == nil)
    }

    @Test func anEncodedSlashStaysInItsSegment() throws {
        let target = try #require(RequestTarget("/a%2Fb/c%20d//"))
        #expect(target.segments == ["a/b", "c d", "", ""])
    }

    @Test func theQueryIsFormDecodedAndMayRepeat() throws {
        let target = try #require(RequestTarget("/v1/sounds?limit=5&tag=a+b&tag=%C3%A9&flag&x=1=2"))
        #expect(target.path == "/v1/sounds")
        #expect(target.query["limit"] == "5")
        #expect(target.query.values(for: "tag") == ["a b", "é"])
        #expect(target.query["flag"] == "")
        #expect(target.query["x"] == "1=2")
        #expect(target.query["nothing"] == nil)
        #expect(target.query.names == ["limit", "tag", "flag", "x"])
    }

    @Test(arguments: ["/", "/...", "/..a", "/.well-known/x", "/a:b@c;d=e,f", "/~user/%41", "/?", "/a?b?c/d"])
    func soundTargetsKeepTheirText(_ text: String) {
        #expect(RequestTarget(text)?.description == text)
    }
}

@Suite struct URLTests {
    @Test(arguments: [
        "", "http", "http:", "http:/x", "http://", "http:///x", "ftp://x/", "http://user@x/", "http://x:/",
        "http://x:0x1/",
        "http://x:65536/", "http://x:123456/", "http://[::1/", "http://[::1]x/", "http://[g::1]/",
        "http://[1:2:3]/",
        "http://[1::2::3]/", "http://x/#f", "http://x/ y", "http://a b/", "http://x/%", "http://x?%0",
        "http://[::1.2.3]/",
        "http://[1:2:3:4:5:6:7:8:9]/", "http://x\\y/", "//x/y", "http://[::1.2.3.256]/",
    ])
    func malformedURLsAreRefused(_ text: String) {
        #expect(HTTPURL(text) == nil)
    }

    @Test func partsComeOut() throws {
        let url = try #require(HTTPURL("HTTPS://API.Example.com:8443/api/v1?x=1"))
        #expect(url.scheme == .https)
        #expect(url.host == "api.example.com")
        #expect(url.port == 8443)
        #expect(url.path == "/api/v1")
        #expect(url.query == "x=1")
        #expect(url.origin == "https://api.example.com:8443")
        #expect(url.appending(path: "y/z").description == "https://api.example.com:8443/api/v1/y/z")
    }

    @Test(arguments: [
        ("http://x", "http://x"), ("http://x:80/a", "http://x"), ("https://x:443?q", "https://x"),
        ("http://[::1]:8080/", "http://[::1]:8080"), ("http://[::ffff:1.2.3.4]/", "http://[::ffff:1.2.3.4]"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81"),
        ("http://[1:2:3:4:5:6:7:8]/", "http://[1:2:3:4:5:6:7:8]"),
    ])
    func theOriginDropsTheDefaultPort(_ text: String, _ origin: String) {
        #expect(HTTPURL(text)?.origin == origin)
        #expect(HTTPURL(text)?.path.first == "/")
    }
}
