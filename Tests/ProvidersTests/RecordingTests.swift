import HTTP
import JSON
import Providers
import Sound
import Testing

@Suite("Recorded exchanges")
struct RecordingTests {
    @Test("the call and the reading of the answer are as recorded", arguments: Recording.all)
    func exchange(_ recording: Recording) throws {
        let operation = try recording.operation()
        guard case .polled(let translator) = operation.delivery else {
            Issue.record("\(recording.testDescription) is of an operation without calls")
            return
        }
        let reply = try recording.reply()
        let call: UpstreamCall
        let result: String
        switch try recording.question() {
        case .create(let request):
            call = translator.submit(order(request, at: operation, of: recording.adapter))
            result = describe { () throws(SubmitError) in try translator.accepted(reply) }
        case .poll(let job):
            call = translator.poll(job)
            result = describe { () throws(PollError) in try translator.observation(reply) }
        }
        let expected = try recording.expectedCall()
        #expect("\(call.method.rawValue) \(call.path)" == expected.line)
        #expect(call.contentType == expected.contentType)
        #expect(call.displayedBody == expected.body)
        #expect(try result == recording.expectation())
    }

    @Test("there are recordings, in folders of adapters that exist")
    func found() {
        #expect(Recording.all.count >= 60)
        let ids = Set(catalog.map(\.id))
        for recording in Recording.all {
            #expect(ids.contains(recording.adapter), "\(recording.testDescription)")
        }
    }

    /// An order with each demand met in the best way whose limit admits it.
    private func order(_ request: SoundRequest, at operation: Operation, of provider: String) -> Order {
        var fulfilment: [RequestField: Grade] = [:]
        for field in request.demands {
            let ways = operation.capabilities.means[field] ?? []
            fulfilment[field] = ways.first { $0.limit.admits(field, of: request) }?.grade
        }
        let route = Route(
            name: RouteName(provider: provider, operation: operation.name),
            model: request.model ?? operation.capabilities.defaultModel,
            prompt: request.prompt ?? "",
            fulfilment: fulfilment,
            estimatedCost: nil
        )
        return Order(request, route: route)
    }

    private func describe(_ read: () throws(SubmitError) -> RemoteJob) -> String {
        do throws(SubmitError) {
            return "accepted \(try read().id)"
        } catch {
            switch error {
            case .refused(let failure): return "refused \(describe(failure))"
            case .unknown: return "unknown"
            }
        }
    }

    private func describe(_ read: () throws(PollError) -> Observation) -> String {
        do throws(PollError) {
            return describe(try read())
        } catch {
            switch error {
            case .transient(_, nil): return "transient"
            case .transient(_, let after?): return "transient after \(after.components.seconds) s"
            case .notFound(let failure): return "not found \(describe(failure))"
            case .unauthorized(let failure): return "unauthorized \(describe(failure))"
            }
        }
    }

    private func describe(_ observation: Observation) -> String {
        var lines: [String] = []
        switch observation.state {
        case .queued: lines.append("queued")
        case .running: lines.append("running")
        case .succeeded: lines.append("succeeded")
        case .failed(let failure): lines.append("failed \(describe(failure))")
        }
        if let progress = observation.progress { lines.append("progress \(plain(progress))") }
        if let eta = observation.eta { lines.append("eta \(eta.components.seconds) s") }
        for take in observation.results {
            let title = take.title.map { " title \($0)" } ?? ""
            let cover = take.coverURL.map { " cover \($0)" } ?? ""
            lines.append("take \(take.key) \(take.url)\(title)\(cover)")
        }
        if let word = observation.unknownWord {
            lines.append(word.isEmpty ? "unknown word" : "unknown word \(word)")
        }
        return lines.joined(separator: "\n")
    }

    private func describe(_ failure: Failure) -> String {
        "\(failure.code.rawValue) \(failure.providerCode ?? "-")"
    }
}
