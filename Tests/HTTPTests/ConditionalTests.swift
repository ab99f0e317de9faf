import HTTP
import Testing

@Suite struct ConditionalTests {
    private let tag = EntityTag("v1")

    @Test(arguments: [
        ("If-None-Match", "\"v1\"", Preconditions.Outcome.notModified),
        ("If-None-Match", "W/\"v1\"", .notModified),
        ("If-None-Match", "\"a\", \"v1\"", .notModified), ("If-None-Match", "*", .notModified),
        ("If-None-Match", "\"v2\"", .proceed), ("If-None-Match", "v1", .proceed),
        ("If-Match", "\"v1\"", .proceed),
        ("If-Match", "*", .proceed), ("If-Match", "W/\"v1\"", .failed), ("If-Match", "\"v2\"", .failed),
        ("If-Match", "\"v1", .failed), ("Accept", "\"v1\"", .proceed),
    ])
    func tagsDecide(_ name: String, _ value: String, _ outcome: Preconditions.Outcome) {
        #expect(Preconditions.evaluate(method: .get, fields: [name: value], entityTag: tag) == outcome)
    }

    @Test func aMatchingTagFailsAWrite() {
        let fields: Fields = ["If-None-Match": "*"]
        #expect(Preconditions.evaluate(method: .put, fields: fields, entityTag: tag) == .failed)
    }

    @Test func datesCountOnlyWithoutTags() {
        let then = HTTPDate(secondsSinceEpoch: 1000)
        let fields: Fields = ["If-Modified-Since": then.description]
        #expect(
            Preconditions.evaluate(method: .get, fields: fields, entityTag: nil, lastModified: then)
                == .notModified
        )
        let both: Fields = ["If-Modified-Since": then.description, "If-None-Match": "\"v2\""]
        #expect(
            Preconditions.evaluate(method: .get, fields: both, entityTag: tag, lastModified: then) == .proceed
        )
        let since: Fields = ["If-Unmodified-Since": HTTPDate(secondsSinceEpoch: 999).description]
        #expect(
            Preconditions.evaluate(method: .get, fields: since, entityTag: tag, lastModified: then) == .failed
        )
    }

    @Test(arguments: [
        ("bytes=0-0", ByteRange.partial(0..<1)), ("bytes=2-", .partial(2..<10)),
        ("bytes=-3", .partial(7..<10)),
        ("bytes=-30", .partial(0..<10)), ("bytes=5-99", .partial(5..<10)), ("BYTES=1-2", .partial(1..<3)),
        ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable), ("bytes=5-2", .whole),
        ("bytes=0-1,3-4", .whole),
        ("bytes=", .whole), ("bytes", .whole), ("bytes=a-b", .whole), ("items=0-1", .whole),
        ("bytes=0-1x", .whole),
        ("bytes=99999999999999999999-", .whole),
        ("bytes=0-9223372036854775807", .partial(0..<10)),
    ])
    func rangesAreChosen(_ text: String, _ expected: ByteRange) {
        #expect(ByteRange.select(["Range": text], size: 10) == expected)
    }

    @Test func anEmptyRepresentationHasNoRange() {
        #expect(ByteRange.select(["Range": "bytes=0-"], size: 0) == .unsatisfiable)
        #expect(ByteRange.select(["Range": "bytes=-1"], size: 0) == .unsatisfiable)
        #expect(ByteRange.unsatisfiable.contentRange(size: 0) == "bytes */0")
        #expect(ByteRange.partial(2..<5).contentRange(size: 9) == "bytes 2-4/9")
    }

    @Test(arguments: [("\"v1\"", true), ("W/\"v1\"", false), ("\"v2\"", false), ("nonsense", false)])
    func aRangeUnderAStaleConditionGetsEverything(_ condition: String, _ holds: Bool) {
        let fields: Fields = ["Range": "bytes=0-1", "If-Range": condition]
        #expect(ByteRange.select(fields, size: 10, entityTag: tag) == (holds ? .partial(0..<2) : .whole))
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func allThreeDateFormsAreRead(_ text: String) {
        #expect(HTTPDate(parsing: text)?.secondsSinceEpoch == 784_111_777)
    }

    @Test(arguments: [Int64(0), 951_782_400, 784_111_777, 4_102_444_799, -1, 1_709_164_800])
    func datesGoThereAndBack(_ seconds: Int64) {
        let text = HTTPDate(secondsSinceEpoch: seconds).description
        #expect(HTTPDate(parsing: text)?.secondsSinceEpoch == seconds, "\(text)")
    }

    @Test(arguments: [
        "", "now", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
    ])
    func malformedDatesAreNone(_ text: String) {
        #expect(HTTPDate(parsing: text) == nil)
    }

    @Test func theEpochIsWrittenAsTheRFCHasIt() {
        #expect(HTTPDate(secondsSinceEpoch: 784_111_777).description == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
