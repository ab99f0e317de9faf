import HTTP
import JSON
import Sound
import Tasks
import Telemetry
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

    private static let trace = "0af7651916cd43dd8448eb211c80319c"
    private static let given = "00-\(trace)-b7ad6b7169203331-01"

    @Test("The line of a request names both of its ids, and so does each line of its task")
    func lines() async throws {
        try await withHouse { house in
            let fields: Fields = ["X-Request-Id": "my-id.1", "traceparent": Self.given]
            let made = try await house.sound(fields: fields)
            _ = try await house.send(.get, "/v1/sounds/\(made.id)")
            let lines = house.log.lines.filter { $0.fields["request_id"] == "my-id.1" }
            #expect(Set(lines.map(\.message.description)).isSuperset(of: ["request", "task ended"]))
            for line in lines { #expect(line.fields["trace_id"] == .string(Self.trace)) }
            for line in house.log.lines {
                #expect(line.fields["request_id"] != nil, "\(line)")
                #expect(line.fields["trace_id"] != nil, "\(line)")
                if line.fields["task"] != nil { #expect(line.fields["request_id"] == "my-id.1") }
            }
        }
    }

    @Test("A task keeps where it came from, without a collector too")
    func provenance() async throws {
        try await withHouse { house in
            let fields: Fields = [
                "X-Request-Id": "r", "traceparent": Self.given, "tracestate": "rojo=1,congo=2",
            ]
            let made = try await house.sound(fields: fields)
            let record = try await house.ledger.task(TaskID(rawValue: made.id))
            let expected = Provenance(requestID: "r", traceparent: Self.given, tracestate: "rojo=1,congo=2")
            #expect(record?.provenance == expected)
            #expect(house.tracer.counts.recorded == 0)
            let odd = try await house.sound(fields: ["traceparent": "nonsense", "tracestate": "rojo=1"])
            let other = try await house.ledger.task(TaskID(rawValue: odd.id))?.provenance
            #expect(other?.traceparent == odd.fields["traceparent"])
            #expect(other?.requestID == odd.fields["X-Request-Id"])
            #expect(other?.tracestate == nil, "without a trace it belongs to nothing")
        }
    }

    @Test(
        "With a collector a request is a span, the plan and the ledger are parts of it, and the task goes on from it"
    )
    func spans() async throws {
        try await withHouse { house in
            house.tracer.adopt(.init())
            let made = try await house.sound(fields: ["traceparent": Self.given])
            let spans = house.tracer.spans.take(atMost: .max)
            let request = try #require(spans.first { $0.kind == .server })
            #expect(request.name == "POST /v1/sounds")
            #expect(request.context.trace.description == Self.trace)
            let parent = SpanRecord.Parent(try #require(SpanID("b7ad6b7169203331")), isRemote: true)
            #expect(request.parent == parent)
            #expect(request["http.request.method"] == "POST")
            #expect(request["http.route"] == "/v1/sounds")
            #expect(request["url.path"] == "/v1/sounds")
            #expect(request["url.scheme"] == "http")
            #expect(request["http.response.status_code"] == 200)
            #expect(request["server.address"] == "sounds.test")
            #expect(request["soundgate.task.id"] == .string(made.id))
            #expect(!request.hasFailed)
            let task = try #require(spans.first { $0.name == "task effect" })
            #expect(task.parent?.span == request.context.span)
            #expect(task["soundgate.task.status"] == "succeeded")
            let inRequest = spans.filter { $0.parent?.span == request.context.span }.map(\.name)
            #expect(Set(inRequest) == ["plan", "ledger commit", "task effect"])
            let inTask = spans.filter { $0.parent?.span == task.context.span }.map(\.name)
            #expect(Set(inTask) == ["ledger commit", "render builtin/procedural"])
            #expect(Set(spans.map(\.context.trace)).count == 1)
            #expect(Set(spans.map(\.context.span)).count == spans.count)
        }
    }

    @Test("Nothing of what a caller says or a vendor may only know is in a span")
    func silence() async throws {
        try await withHouse { house in
            house.tracer.adopt(.init())
            let prompt = #"{"prompt": "xyzzy", "style": "xyzzy", "type": "music", "provider": "builtin"}"#
            _ = try await house.send(.post, "/v1/sounds?note=xyzzy", prompt, fields: ["Prefer": "wait=60"])
            let token = String(repeating: "a", count: 40)
            _ = try await house.send(.post, "/v1/callbacks/suno/\(token)", "{}")
            _ = try await house.send(.post, "/v1/callbacks/suno/\(token)/", "{}")
            _ = try await house.send(.get, "/healthz")
            let spans = house.tracer.spans.take(atMost: .max)
            #expect(spans.count { $0.name.contains("callbacks") } == 1)
            #expect(!spans.contains { $0.name.contains("healthz") }, "who probes keeps no traces")
            for span in spans {
                #expect(!"\(span)".contains("xyzzy"), "\(span)")
                #expect(!"\(span)".contains(token), "\(span)")
            }
        }
    }

    @Test("A trace that its caller does not record is not recorded here, and goes on all the same")
    func unsampled() async throws {
        try await withHouse { house in
            house.tracer.adopt(.init())
            let given = "00-\(Self.trace)-b7ad6b7169203331-00"
            let made = try await house.sound(fields: ["traceparent": given])
            #expect(made.fields["traceparent"] == given)
            #expect(house.tracer.counts.recorded == 0)
            let record = try await house.ledger.task(TaskID(rawValue: made.id))
            #expect(record?.provenance?.traceparent == given)
        }
    }
}
