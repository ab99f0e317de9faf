import Crypto
import S3
import Testing

/// Amazon's own examples: "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query
/// Parameters" of the S3 API reference, and `get-vanilla…` of the published test suite of Signature Version 4.
@Suite struct SignatureTests {
    private static let host = "examplebucket.s3.amazonaws.com"
    private static let time = AmzTimestamp(secondsSinceEpoch: 1_369_353_600)
    private static let account = S3Credentials(
        accessKeyID: Secret("AKIAIOSFODNN7EXAMPLE"),
        secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    )
    private let rules = SignatureV4(region: "us-east-1")

    struct Example: Sendable, CustomTestStringConvertible {
        let name: String
        var method = "GET"
        var path = "/"
        var query: [(name: String, value: String)] = []
        var fields: [(name: String, value: String)] = []
        var payload = SignatureV4.empty
        let names: String
        let signature: String

        var testDescription: String { name }
    }

    private static let welcome = SHA256.hash("Welcome to Amazon S3.").hex

    static let examples = [
        Example(
            name: "GET of a range",
            path: "/test.txt",
            fields: [("Range", "bytes=0-9")],
            names: "host;range;x-amz-content-sha256;x-amz-date",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        Example(
            name: "PUT of an object",
            method: "PUT",
            path: "/test%24file.text",
            fields: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payload: welcome,
            names: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        Example(
            name: "GET of the lifecycle",
            query: [("lifecycle", "")],
            names: "host;x-amz-content-sha256;x-amz-date",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        Example(
            name: "GET of a list",
            query: [("prefix", "J"), ("max-keys", "2")],
            names: "host;x-amz-content-sha256;x-amz-date",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    @Test("the header's signature is Amazon's", arguments: examples)
    func header(_ example: Example) {
        let subject = SignatureV4.Subject(
            method: example.method,
            path: example.path,
            query: example.query,
            fields: example.fields + [
                ("Host", Self.host), ("x-amz-content-sha256", example.payload),
                ("x-amz-date", "\(Self.time)"),
            ],
            payload: example.payload
        )
        let wanted =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=\(example.names),Signature=\(example.signature)"
        #expect(rules.authorization(subject, at: Self.time, Self.account) == wanted)
    }

    @Test func theSignedURLIsAmazons() {
        let subject = SignatureV4.Subject(
            method: "GET",
            path: "/test.txt",
            fields: [("host", Self.host)],
            payload: SignatureV4.unsigned
        )
        #expect(
            rules.presignedQuery(subject, at: Self.time, for: 86_400, Self.account)
                == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        )
    }

    @Test func theRequestOfTheFirstExampleIsWrittenAsAmazonDoes() {
        let subject = SignatureV4.Subject(
            method: "GET",
            path: "/test.txt",
            fields: [
                ("Host", Self.host), ("Range", "bytes=0-9"), ("x-amz-content-sha256", SignatureV4.empty),
                ("x-amz-date", "20130524T000000Z"),
            ],
            payload: SignatureV4.empty
        )
        #expect(
            rules.canonicalRequest(subject) == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                """
        )
        #expect(
            rules.stringToSign(subject, at: Self.time) == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """
        )
    }

    @Test(
        "the suite's vectors hold",
        arguments: [
            ([], "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            (
                [("Param2", "value2"), ("Param1", "value1")],
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
            ),
        ] as [([(name: String, value: String)], String)]
    )
    func suite(_ query: [(name: String, value: String)], _ signature: String) {
        let time = AmzTimestamp(secondsSinceEpoch: 1_440_938_160)
        let subject = SignatureV4.Subject(
            method: "GET",
            path: "/",
            query: query,
            fields: [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")],
            payload: SignatureV4.empty
        )
        let account = S3Credentials(
            accessKeyID: Secret("AKIDEXAMPLE"),
            secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        )
        let rules = SignatureV4(region: "us-east-1", service: "service")
        #expect("\(time)" == "20150830T123600Z")
        #expect(rules.signature(subject, at: time, account) == signature)
    }

    @Test func aSessionTokenGoesIntoTheSignedURL() {
        var account = Self.account
        account.sessionToken = Secret("a/b+c==")
        let subject = SignatureV4.Subject(
            method: "GET",
            path: "/x",
            fields: [("host", Self.host)],
            payload: SignatureV4.unsigned
        )
        let query = rules.presignedQuery(subject, at: Self.time, for: 60, account)
        #expect(
            query.contains("&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D&X-Amz-SignedHeaders=host&X-Amz-Signature=")
        )
        #expect(query != rules.presignedQuery(subject, at: Self.time, for: 60, Self.account))
    }

    @Test(arguments: [
        (0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (1_709_251_199, "20240229T235959Z"),
        (4_102_444_800, "21000101T000000Z"), (-5, "19700101T000000Z"),
    ])
    func timesAreWrittenWithoutSigns(_ seconds: Int64, _ text: String) {
        #expect("\(AmzTimestamp(secondsSinceEpoch: seconds))" == text)
    }
}
