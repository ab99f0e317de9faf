import HTTP
import JSON
import Providers
import Sound
import Testing

@Suite("Recorded exchanges")
struct RecordingTests {
    @Test("the call and the reading of the answer are as recorded", arguments: Recording.all)
    func exchange(_ recording: Recording) throws {
        let reply = try recording.reply()
        let (call, result) = try replay(recording, reply)
        let expected = try recording.expectedCall()
        #expect("\(call.method.rawValue) \(call.path)" == expected.line)
        #expect(call.contentType == expected.contentType)
        #expect(call.displayedBody == expected.body)
        #expect(try result == recording.expectation())
    }

    /// The call that is made, and what its answer is taken for.
    private func replay(_ recording: Recording, _ reply: UpstreamReply) throws -> (UpstreamCall, String) {
        let question = try recording.question()
        if case .balance = question {
            let balance = try #require(try recording.descriptor().balance)
            let amount = balance.balance(reply).map { "balance \(plain($0.amount)) \($0.unit)" }
            return (balance.call, amount ?? "no balance")
        }
        let operation = try recording.operation()
        switch (operation.delivery, question) {
        case (.polled(let translator), .create(let request)):
            let call = translator.submit(order(request, at: operation, of: recording))
            return (call, describe { () throws(SubmitError) in try translator.accepted(reply) })
        case (.streamed(let translator), .create(let request)):
            let order = order(request, at: operation, of: recording)
            let result =
                reply.status == 200
                ? describe(translator.receipt(reply, for: order)) : describe(translator.refusal(reply))
            return (translator.submit(order), result)
        case (.polled(let translator), .poll(let job)):
            return (
                translator.poll(job),
                describe { () throws(PollError) in describe(try translator.observation(reply)) }
            )
        case (.polled(let translator), .ask(let job, let part, let take)):
            let call = try #require(translator.ask(for: part, of: take, job: job))
            let result = describe { () throws(PollError) in
                describe(try translator.answer(reply, for: part, of: take))
            }
            return (call, result)
        case (.polled(let translator), .cancel(let job)):
            return (try #require(translator.cancel(job)), "sent")
        default: throw NoSuchCall(recording: recording.testDescription)
        }
    }

    struct NoSuchCall: Error { let recording: String }

    @Test("there are recordings, in folders of adapters that exist")
    func found() {
        #expect(Recording.all.count >= 60)
        let ids = Set(catalog.map(\.id))
        for recording in Recording.all {
            #expect(ids.contains(recording.adapter), "\(recording.testDescription)")
        }
    }

    /// An order with each demand met in the best way whose limit admits it.
    private func order(_ request: SoundRequest, at operation: Operation, of recording: Recording) -> Order {
        var fulfilment: [RequestField: Grade] = [:]
        for field in request.demands {
            let ways = operation.capabilities.means[field] ?? []
            fulfilment[field] = ways.first { $0.limit.admits(field, of: request) }?.grade
        }
        let route = Route(
            name: RouteName(provider: recording.adapter, operation: operation.name),
            model: request.model ?? operation.capabilities.defaultModel,
            prompt: request.prompt ?? "",
            fulfilment: fulfilment,
            estimatedCost: nil
        )
        return Order(
            request,
            route: route,
            takes: request.variations,
            callbackURL: recording.callbackURL
        )
    }

    private func describe(_ read: () throws(SubmitError) -> RemoteJob) -> String {
        do throws(SubmitError) {
            let job = try read()
            let eta = job.eta.map { " eta \($0.components.seconds) s" } ?? ""
            let takes = job.takes.isEmpty ? "" : " takes \(job.takes.joined(separator: " "))"
            return "accepted \(job.id)\(eta)\(describe(job.cost))\(takes)"
        } catch {
            return describe(error)
        }
    }

    private func describe(_ error: SubmitError) -> String {
        switch error {
        case .refused(let failure): "refused \(describe(failure))"
        case .unknown: "unknown"
        }
    }

    private func describe(_ receipt: AudioReceipt) -> String {
        let raw = receipt.raw.map { " raw \($0.coding.rawValue) \($0.sampleRate) Hz x\($0.channels)" } ?? ""
        let id = receipt.id.map { " id \($0)" } ?? ""
        return "audio\(raw)\(id)\(describe(receipt.cost))"
    }

    private func describe(_ cost: Cost.Amount?) -> String {
        cost.map { " cost \(plain($0.amount)) \($0.unit)" } ?? ""
    }

    private func describe(_ read: () throws(PollError) -> String) -> String {
        do throws(PollError) {
            return try read()
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
        lines += observation.results.map(describe)
        if let cost = observation.cost { lines.append("cost \(plain(cost.amount)) \(cost.unit)") }
        if let word = observation.unknownWord {
            lines.append(word.isEmpty ? "unknown word" : "unknown word \(word)")
        }
        return lines.joined(separator: "\n")
    }

    private func describe(_ take: RemoteResult) -> String {
        var words = ["take", take.key, take.url ?? "nowhere"]
        for (format, url) in take.encodings.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            words.append("\(format.rawValue) \(url)")
        }
        if let title = take.title { words.append("title \(title)") }
        if let lyrics = take.lyrics { words.append("lyrics \(lyrics.count) characters") }
        for line in take.timedLyrics ?? [] {
            words.append("[\(plain(line.start))-\(plain(line.end)) \(line.text)]")
        }
        if let cover = take.coverURL { words.append("cover \(cover)") }
        return words.joined(separator: " ")
    }

    private func describe(_ failure: Failure) -> String {
        "\(failure.code.rawValue) \(failure.providerCode ?? "-")"
    }
}
