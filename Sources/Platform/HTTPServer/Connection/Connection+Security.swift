import CLinux
import EventLoop
import Glibc
import HTTP
import TLS
import Threads

// TLS between the socket and the connection: bytes are unsealed as they come, and sealed a record at a time as the socket
// takes them, so that the limits of the plain connection hold here too.

extension Connection {
    // MARK: In

    /// Takes bytes from the wire.
    func unseal(_ wire: RawSpan) {
        guard let tls, phase != .lingering else { return lingered(wire.byteCount) }
        let wasShaking = tls.phase == .handshaking
        do throws(TLSFailure) {
            try tls.receive(wire) { plaintext in
                unsafe plaintext.withUnsafeBytes { unsafe received($0) }
                return phase != .closed && phase != .lingering
            }
        } catch {
            return broken(error, isHandshake: wasShaking && tls.phase == .failed)
        }
        guard phase != .closed else { return }
        if tls.phase == .peerEnded, !peerEnded { ended() }
        if tls.pending > 0 { flush() }
        updateInterest()
    }

    /// Ends a connection whose peer broke the rules, once it has been told.
    private func broken(_ failure: TLSFailure, isHandshake: Bool) {
        guard phase != .closed else { return }
        if isHandshake { shard.countHandshakeFailure(of: peer, failure.reason) }
        if failure.isPlainHTTP, phase == .idle {
            tls = nil
            return refuse(ParseFailure(.badRequest, "this port speaks HTTPS only"), code: "https_only")
        }
        // Nothing can be sealed any more: the alert goes out, and a handler at work hears that its client is gone.
        guard phase == .idle else {
            if let tls { _ = writePending(of: tls) }
            return close()
        }
        output = []
        outputStart = 0
        finish()
        endTask()
    }

    // MARK: Out

    /// Whether there is something that the socket is to take.
    var hasOutput: Bool {
        if let tls, tls.pending > 0 { return true }
        return outputStart < output.count || (file != nil && !fileIsAway)
    }

    /// Seals output as fast as the socket takes it; false when the connection is gone.
    func writeSealed() -> Bool {
        guard let tls else { return true }
        while true {
            guard writePending(of: tls) else { return false }
            guard tls.pending == 0, outputStart < output.count else { break }
            let count = unsafe output.withUnsafeBytes { bytes in
                // It can fail only when the session has, and then the connection has nothing to say in any case.
                unsafe try? tls.seal(
                    RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: bytes[outputStart...]))
                )
            }
            guard let count else { return false }
            outputStart += count
        }
        dropSentOutput()
        return true
    }

    /// Sends what TLS has to say; false when the connection is gone.
    private func writePending(of tls: TLSSession) -> Bool {
        var isGone = false
        while tls.pending > 0, !isGone {
            var isFull = false
            tls.drain { bytes in
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count > 0 {
                    handed += count
                    return count
                }
                switch errno {
                case EINTR: break
                case EAGAIN: isFull = true
                default: isGone = true
                }
                return 0
            }
            if isFull {
                stalled()
                return true
            }
        }
        return !isGone
    }

    /// Puts the next part of the file into the output, from memory at once, from the disk by way of a worker.
    ///
    /// - Returns: false when the file is shorter than its length was announced to be.
    func sealSlice() -> Bool {
        guard let transfer = file, !fileIsAway, tls?.pending == 0 else { return true }
        switch transfer.slice(mayBlock: false) {
        case .bytes(let bytes): return took(bytes, from: transfer) && writeSealed()
        case .failed: return false
        case .wouldBlock: break
        }
        fileIsAway = true
        fileReaders.submit { [self] in
            let slice = transfer.slice(mayBlock: true)
            shard.loop.execute { [self] in
                fileIsAway = false
                guard phase != .closed, file != nil else { return }
                guard case .bytes(let bytes) = slice, took(bytes, from: transfer) else { return close() }
                flush()
            }
        }
        return true
    }

    private func took(_ bytes: [UInt8], from transfer: FileTransfer) -> Bool {
        guard !bytes.isEmpty else { return false }
        var rest = transfer
        rest.offset += Int64(bytes.count)
        file = rest.offset < rest.end ? rest : nil
        output.append(contentsOf: bytes)
        return true
    }

    // MARK: The end

    /// Says that no more comes, once all else is out; whether that has still to leave.
    func owesEnd() -> Bool {
        guard let tls else { return false }
        if phase == .closing, tls.pending == 0 {
            tls.end()
            guard writePending(of: tls) else { return false }
        }
        return tls.pending > 0
    }

    /// Closes a connection that rests: under TLS with a word, so that its client need not take it for cut off.
    func takeLeave() {
        if let tls, phase == .idle {
            tls.end()
            _ = writePending(of: tls)
        }
        close()
    }
}

extension FileTransfer {
    /// What came of reading a part.
    enum Slice {
        /// Empty at the end of the file.
        case bytes([UInt8])
        /// It is not in memory, and a disk would have to be waited for.
        case wouldBlock
        case failed
    }

    /// As much as the output takes: four records.
    private static let sliceBytes = 64 << 10

    /// Reads the next part; with `mayBlock` from the disk too.
    func slice(mayBlock: Bool) -> Slice {
        let count = min(Self.sliceBytes, Int(end - offset))
        var errorCode: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var part = unsafe iovec(iov_base: buffer.baseAddress, iov_len: count)
            var result = -1
            repeat {
                // RWF_NOWAIT: "Do not wait for data which is not immediately available."
                result = unsafe preadv2(file.descriptor, &part, 1, off_t(offset), mayBlock ? 0 : RWF_NOWAIT)
            } while result < 0 && errno == EINTR
            errorCode = result < 0 ? errno : 0
            filled = max(0, result)
        }
        switch errorCode {
        case 0: return .bytes(bytes)
        // Not every file system knows the flag.
        case EAGAIN, EOPNOTSUPP: return mayBlock ? .failed : .wouldBlock
        default: return .failed
        }
    }
}

/// The threads that wait for disks.
private let fileReaders = FileReaders()

private struct FileReaders: Sendable {
    private let pool: WorkerPool?

    init() {
        // Without a thread to spare, the loop itself waits: slow is better than not at all.
        pool = try? WorkerPool(name: "tls-files", threads: 2)
    }

    func submit(_ body: @escaping @Sendable () -> Void) {
        if let pool { pool.submit(body) } else { body() }
    }
}
