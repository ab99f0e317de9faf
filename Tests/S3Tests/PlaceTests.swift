import HTTP
import S3
import Testing

@Suite struct PlaceTests {
    @Test(
        arguments: [
            (
                "https://s3.eu-central-1.amazonaws.com", .virtualHost,
                "https://b.s3.eu-central-1.amazonaws.com", "/a%20b/c%2B1"
            ),
            (
                "https://s3.eu-central-1.amazonaws.com:443/", .path, "https://s3.eu-central-1.amazonaws.com",
                "/b/a%20b/c%2B1"
            ),
            ("http://127.0.0.1:9000", .path, "http://127.0.0.1:9000", "/b/a%20b/c%2B1"),
            ("http://[::1]:9000/base/", .path, "http://[::1]:9000", "/base/b/a%20b/c%2B1"),
            (
                "https://store.example:8443/base", .virtualHost, "https://b.store.example:8443",
                "/base/a%20b/c%2B1"
            ),
        ] as [(String, S3Place.Style, String, String)]
    )
    func theBucketStandsWhereTheStyleWantsIt(
        _ endpoint: String,
        _ style: S3Place.Style,
        _ origin: String,
        _ path: String
    ) throws {
        let place = S3Place(endpoint: try #require(HTTPURL(endpoint)), region: "r", bucket: "b", style: style)
        #expect(place.origin == origin)
        #expect(place.path("a b/c+1") == path)
    }

    @Test(arguments: [(S3Place.Style.path, "/b"), (.virtualHost, "/")])
    func theBucketItselfHasAPath(_ style: S3Place.Style, _ path: String) throws {
        let endpoint = try #require(HTTPURL("http://h"))
        #expect(S3Place(endpoint: endpoint, region: "r", bucket: "b", style: style).path(nil) == path)
    }
}
