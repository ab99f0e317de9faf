import EventLoop
import HTTP

extension Transfer {
    /// What to tell libcurl about bytes that it offers.
    enum Intake { case taken, pause, abort }

    /// A line of the answer's head or a trailer; `false` ends the transfer.
    func take(line: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !head.isComplete else { return unsafe take(trailer: line) }
        do throws(ResponseHead.Fault) {
            try unsafe head.append(line)
        } catch {
            return refuse(error)
        }
        guard head.isComplete else { return true }
        lastProgress = monotonicNow()
        // Said before a byte of it comes, so that nothing is read in vain.
        if request.method != .head, let length = head.fields["content-length"].flatMap({ Int($0) }),
            length > request.maximumBytes
        {
            return refuseContent()
        }
        deliver()
        return true
    }

    private func take(trailer line: UnsafeBufferPointer<UInt8>) -> Bool {
        do throws(ResponseHead.Fault) {
            try unsafe head.append(line)
            return true
        } catch {
            return refuse(error)
        }
    }

    private func refuse(_ fault: ResponseHead.Fault) -> Bool {
        switch fault {
        case .malformed: verdict = (.malformed, "the answer's head is malformed")
        case .tooLarge: verdict = (.malformed, "the answer's head is too large")
        }
        return false
    }

    private func refuseContent() -> Bool {
        verdict = (.tooLarge, "the answer's content is longer than \(request.maximumBytes) bytes")
        return false
    }

    /// A piece of the answer's content.
    func take(content bytes: UnsafeBufferPointer<UInt8>) -> Intake {
        // libcurl offers the same bytes again after a pause, so nothing is counted before it is taken.
        if mode == .stream, content.count >= Self.highWater {
            isPaused = true
            return .pause
        }
        received += bytes.count
        guard received <= request.maximumBytes else {
            _ = refuseContent()
            return .abort
        }
        lastProgress = monotonicNow()
        if content.isEmpty, mode == .collect, let length = head.fields["content-length"].flatMap({ Int($0) })
        {
            // A promise, not yet bytes: no more than a little memory on it.
            content.reserveCapacity(min(length, request.maximumBytes, 256 << 10))
        }
        unsafe content.append(contentsOf: bytes)
        if mode == .stream { deliver() }
        return .taken
    }

    /// Copies the next piece of the request's body into `buffer`; 0 at its end.
    func giveBody(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = request.body else { return 0 }
        let count = min(buffer.count, body.count - facts.bytesHanded)
        guard count > 0 else { return 0 }
        unsafe body.withUnsafeBytes { bytes in
            unsafe buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[facts.bytesHanded..<facts.bytesHanded + count])
            )
        }
        facts.bytesHanded += count
        lastProgress = monotonicNow()
        return count
    }

    /// Whether a socket to `address` may be opened.
    func mayConnect(to address: PeerAddress?) -> Bool {
        guard let address, request.addresses.admits(address, for: authority) else {
            facts.addressesRefused += 1
            return false
        }
        facts.socketsOpened += 1
        return true
    }

    /// libcurl has a connection and is about to write the request: the last moment at which nothing has left.
    ///
    /// Also the place where a reused connection, for which no socket was opened, meets the address policy.
    func mayBegin(at address: PeerAddress?) -> Bool {
        guard facts.maySend(request.method, hasBody: hasBody) else {
            verdict = (.closed, "the connection died and the request cannot be repeated safely")
            return false
        }
        guard let address, request.addresses.admits(address, for: authority) else {
            verdict = (.addressRefused, "the address policy does not admit the peer")
            return false
        }
        facts.attempts += 1
        lastProgress = monotonicNow()
        return true
    }
}
