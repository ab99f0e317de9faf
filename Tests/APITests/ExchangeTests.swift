import HTTP
import JSON
import Testing

@Suite("Request ids and trace context")
struct ExchangeTests {
    @Test(
        "Usable ones come back as they came, on every kind of answer",
        arguments: ["/healthz", "/nothing", "/v1/sounds?limit=0"]
    )
    func comeBack(target: String) async throws {
        try await withHouse { house in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let answer = try await house.send(
                .get,
                target,
                fields: ["X-Request-Id": "my-id.1", "traceparent": trace]
            )
            #expect(answer.fields["X-Request-Id"] == "my-id.1")
            #expect(answer.fields["traceparent"] == trace)
            if answer.status != 200 { #expect(answer.json["request_id"] == "my-id.1") }
        }
    }

    @Test(
        "Others are replaced by new ones",
        arguments: [
            ("", "00-short-b7ad6b7169203331-01"),
            ("with blank", "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"),
            (String(repeating: "x", count: 129), "nothing"),
            ("ümlaut", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"),
            ("blank ", "00-00000000000000000000000000000000-b7ad6b7169203331-01"),
            ("blank ", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ("blank ", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
        ]
    )
    func replaced(id: String, trace: String) async throws {
        try await withHouse { house in
            let fields: Fields = ["X-Request-Id": id, "traceparent": trace]
            let first = try await house.send(.get, "/healthz", fields: fields)
            let second = try await house.send(.get, "/healthz", fields: fields)
            let (one, two) = (first.fields["X-Request-Id"] ?? "", second.fields["X-Request-Id"] ?? "")
            #expect(one.count == 32)
            #expect(one != two)
            let parts = (first.fields["traceparent"] ?? "").split(separator: "-").map(\.count)
            #expect(parts == [2, 32, 16, 2])
            #expect(first.fields["traceparent"] != trace)
        }
    }
}
