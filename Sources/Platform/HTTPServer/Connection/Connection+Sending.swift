import CLinux
import EventLoop
import Glibc
import HTTP

/// A part of a file on its way to the socket.
struct FileTransfer {
    let file: OpenFile
    var offset: Int64
    let end: Int64
}

extension Connection {
    /// Sends the handler's answer and reports it; returns when all is handed to the socket or its buffer.
    func send(_ response: Response, to request: Request, since began: UInt64) async {
        guard phase == .busy else { return report(response, request, began, bytes: 0, isComplete: false) }
        if let refusal = body.refusal {
            refuse(refusal)
            return report(response.replaced(by: refusal), request, began, bytes: 0, isComplete: true)
        }
        if case .cut = response.body {
            flush()
            report(response, request, began, bytes: 0, isComplete: false)
            return close()
        }
        let framing = framing(of: response, for: request)
        let closing = mustClose(after: response, to: request, framing)
        answerBegan = true
        output.append(
            response,
            framing: framing,
            version: request.head.version,
            closing: closing,
            date: shard.dateLine()
        )
        var isComplete = true
        var bytes = 0
        if request.method != .head, framing != .none {
            (bytes, isComplete) = await sendBody(response.body, framing)
        }
        report(response, request, began, bytes: bytes, isComplete: isComplete)
        if !isComplete { return close() }
        if closing { finish() }
    }

    private func framing(of response: Response, for request: Request) -> ResponseFraming {
        if response.status.forbidsContent { return .none }
        switch response.body {
        case .none, .cut: return .length(0)
        case .bytes(let bytes): return .length(Int64(bytes.count))
        case .file(let file): return .length(Int64(file.range.count))
        case .measured(let length, _): return .length(length)
        case .stream: return request.head.version == .http11 ? .chunked : .close
        }
    }

    private func mustClose(after response: Response, to request: Request, _ framing: ResponseFraming) -> Bool
    {
        if !request.head.keepsAlive || shard.isDraining || framing == .close { return true }
        // A client that was not told to go on may or may not send the body: nobody could tell what its next bytes are.
        if body.hasFailed || body.owesContinue { return true }
        guard !response.fields.isEmpty, let options = response.fields["Connection"] else { return false }
        return options.asciiLowercased == "close"
    }

    private func sendBody(_ content: ResponseBody, _ framing: ResponseFraming) async -> (Int, Bool) {
        switch content {
        case .none, .cut: return (0, true)
        case .bytes(let bytes):
            output.append(contentsOf: bytes)
            guard output.count - outputStart > shard.limits.buffer else { return (bytes.count, true) }
            return (bytes.count, await drained())
        case .file(let part):
            guard !part.range.isEmpty else { return (0, true) }
            file = FileTransfer(file: part.file, offset: part.range.lowerBound, end: part.range.upperBound)
            return (part.range.count, await drained())
        case .stream(let produce):
            return await sendStream(produce, framing)
        case .measured(let length, let produce):
            let (bytes, isComplete) = await sendStream(produce, framing, length: Int(clamping: length))
            return (bytes, isComplete && bytes == length)
        }
    }

    private func sendStream(
        _ produce: @Sendable (BodyWriter) async throws -> Void,
        _ framing: ResponseFraming,
        length: Int = .max
    ) async -> (Int, Bool) {
        flush()
        streamed = 0
        let chunked = framing == .chunked
        let exchange = exchange
        isStreaming = true
        defer { isStreaming = false }
        let writer = BodyWriter { [self] bytes in
            // More than was said would be taken for the next answer.
            guard bytes.count <= length - streamed,
                await write(bytes, chunked: chunked, of: exchange)
            else { throw BodyError.disconnected }
        }
        do {
            try await produce(writer)
        } catch {
            // Whatever it was, the handler knows; the client learns it from the missing end.
            return (streamed, false)
        }
        guard phase == .busy else { return (streamed, false) }
        if chunked { output.append(text: "0\r\n\r\n") }
        return (streamed, true)
    }

    private func write(_ bytes: [UInt8], chunked: Bool, of exchange: UInt64) async -> Bool {
        guard shard.loop.isCurrent else {
            return await withCheckedContinuation { continuation in
                shard.loop.execute { [self] in
                    guard enqueue(bytes, chunked: chunked, of: exchange) else {
                        return continuation.resume(returning: false)
                    }
                    awaitDrain(continuation)
                }
            }
        }
        guard enqueue(bytes, chunked: chunked, of: exchange) else { return false }
        guard output.count - outputStart > shard.limits.buffer else { return true }
        return await withCheckedContinuation { awaitDrain($0) }
    }

    /// Sends a piece at once; false when the answer it belongs to has ended.
    private func enqueue(_ bytes: [UInt8], chunked: Bool, of exchange: UInt64) -> Bool {
        guard isStreaming, isOpen(exchange) else { return false }
        streamed += bytes.count
        if chunked { output.append(chunk: bytes) } else { output.append(contentsOf: bytes) }
        flush()
        return phase == .busy
    }

    /// Answers a request that cannot be read, and closes.
    func refuse(_ failure: ParseFailure, code: String = "bad_request") {
        guard !answerBegan || phase == .idle else { return close() }
        let rendered = shard.renderProblem(ProblemDetails(failure.status, code: code, detail: failure.reason))
        let response = Response(failure.status, contentType: rendered.contentType, rendered.bytes)
        output.append(
            response,
            framing: .length(Int64(rendered.bytes.count)),
            version: .http11,
            closing: true,
            date: shard.dateLine()
        )
        output.append(contentsOf: rendered.bytes)
        if phase == .idle { reportRefusal(failure.status, bytes: rendered.bytes.count) }
        finish()
        endTask()
    }

    // MARK: The socket

    /// Waits until all output is with the kernel; false when the connection is gone.
    func drained() async -> Bool {
        flush()
        guard phase != .closed else { return false }
        guard outputStart < output.count || file != nil else { return true }
        return await withCheckedContinuation { awaitDrain($0) }
    }

    private func awaitDrain(_ continuation: CheckedContinuation<Bool, Never>) {
        guard phase != .closed else { return continuation.resume(returning: false) }
        guard outputStart < output.count || file != nil else { return continuation.resume(returning: true) }
        drainWaiters.append(continuation)
    }

    func resumeDrainWaiters(_ isOpen: Bool) {
        guard !drainWaiters.isEmpty else { return }
        let waiters = drainWaiters
        drainWaiters = []
        for waiter in waiters { waiter.resume(returning: isOpen) }
    }

    /// Writes what the socket takes: first the output, then one slice of a file.
    func flush() {
        guard phase != .closed, phase != .lingering else { return }
        guard tls == nil ? writeOutput() : writeSealed() else { return close() }
        if outputStart == output.count {
            dropSentOutput()
            guard file == nil || (tls == nil ? sendSlice() : sealSlice()) else { return close() }
        } else if outputStart >= shard.limits.buffer {
            // A client that is never quite up to date must not have all that it was ever sent remembered.
            output.removeSubrange(..<outputStart)
            outputStart = 0
        }
        let isDone = outputStart == output.count && file == nil && !owesEnd()
        if isDone { writeDeadline = .max }
        updateInterest()
        guard isDone, phase != .closed else { return }
        resumeDrainWaiters(true)
        if phase == .closing { linger() }
    }

    func dropSentOutput() {
        guard outputStart == output.count, outputStart > 0 else { return }
        output.removeAll(keepingCapacity: output.capacity <= 16 * 1024 && !shard.isTight)
        outputStart = 0
    }

    private func writeOutput() -> Bool {
        while outputStart < output.count {
            let flags = Int32(MSG_NOSIGNAL) | (file == nil ? 0 : Int32(MSG_MORE))
            let count = unsafe output.withUnsafeBytes { bytes in
                unsafe Glibc.send(
                    descriptor,
                    bytes.baseAddress?.advanced(by: outputStart),
                    bytes.count - outputStart,
                    flags
                )
            }
            if count > 0 {
                outputStart += count
                handed += count
            } else if errno == EAGAIN {
                stalled()
                return true
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Sends up to 256 KiB, so that a file that has to come from the disk does not hold up the loop for long.
    private func sendSlice() -> Bool {
        guard var transfer = file else { return true }
        var offset = off_t(transfer.offset)
        let count = unsafe sendfile(
            descriptor,
            transfer.file.descriptor,
            &offset,
            min(256 * 1024, Int(transfer.end - transfer.offset))
        )
        if count < 0 {
            guard errno == EAGAIN || errno == EINTR else { return false }
            stalled()
            return true
        }
        // The file was cut short after its length was announced: the answer cannot be completed.
        guard count > 0 else { return false }
        transfer.offset = Int64(offset)
        file = transfer.offset < transfer.end ? transfer : nil
        handed += count
        return true
    }

    func stalled() {
        guard writeDeadline == .max else { return }
        writeDeadline = monotonicNow() + shard.writeTimeout
        arrivedBefore = arrived
    }
}

extension Response {
    fileprivate func replaced(by refusal: ParseFailure) -> Response {
        var response = Response(refusal.status)
        response.route = route
        return response
    }
}
