import CCurl
import CLinux
import Glibc

// What libcurl calls while it works on a transfer. No function here suspends, throws or calls back into libcurl.

extension EasyHandle {
    /// Hooks the handle's callbacks up with `self` as their context.
    func setCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        for option in [
            CURLOPT_PRIVATE, CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA,
            CURLOPT_OPENSOCKETDATA,
        ] {
            unsafe soundgate_curl_set_pointer(pointer, option, context)
        }
        // Without a seek function beside the read function libcurl cannot send a body twice: it ends with
        // `CURLE_SEND_FAIL_REWIND` once bytes of it have left.
        unsafe soundgate_curl_set_data_function(pointer, CURLOPT_READFUNCTION) {
            bytes,
            size,
            count,
            context in
            guard let bytes = unsafe bytes, let transfer = unsafe EasyHandle.from(context)?.transfer else {
                return Int(CURL_READFUNC_ABORT)
            }
            return unsafe transfer.giveBody(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        unsafe soundgate_curl_set_data_function(pointer, CURLOPT_HEADERFUNCTION) {
            bytes,
            size,
            count,
            context in
            guard let transfer = unsafe EasyHandle.from(context)?.transfer else { return 0 }
            let isTaken = unsafe EasyHandle.withBytes(bytes, size * count) { unsafe transfer.take(line: $0) }
            // Any other count than the one given ends the transfer; no line is empty.
            return isTaken ? size * count : 0
        }
        unsafe soundgate_curl_set_data_function(pointer, CURLOPT_WRITEFUNCTION) {
            bytes,
            size,
            count,
            context in
            guard let transfer = unsafe EasyHandle.from(context)?.transfer else { return 0 }
            return
                switch unsafe EasyHandle.withBytes(bytes, size * count, { unsafe transfer.take(content: $0) })
            {
            case .taken: size * count
            case .pause: Int(CURL_WRITEFUNC_PAUSE)
            case .abort: size * count + 1
            }
        }
        unsafe soundgate_curl_set_prerequest_function(pointer) { context, peer, _, port, _ in
            guard let peer = unsafe peer, let transfer = unsafe EasyHandle.from(context)?.transfer else {
                return CURL_PREREQFUNC_ABORT
            }
            let address = unsafe PeerAddress(String(cString: peer), port: UInt16(truncatingIfNeeded: port))
            return transfer.mayBegin(at: address) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        setSocketCallbacks()
    }

    private func setSocketCallbacks() {
        unsafe soundgate_curl_set_open_function(pointer) { context, _, address in
            guard let address = unsafe address, let handle = unsafe EasyHandle.from(context),
                let transfer = handle.transfer
            else { return CURL_SOCKET_BAD }
            let peer = unsafe withUnsafePointer(to: &address.pointee.addr) {
                unsafe PeerAddress($0, length: Int(address.pointee.addrlen))
            }
            guard transfer.mayConnect(to: peer) else { return CURL_SOCKET_BAD }
            let descriptor = unsafe socket(
                address.pointee.family,
                address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
                address.pointee.`protocol`
            )
            if descriptor >= 0 { handle.multi.opened(descriptor) }
            return descriptor
        }
        // A connection outlives the handle that opened it, so its close function gets the multi.
        unsafe soundgate_curl_set_pointer(
            pointer,
            CURLOPT_CLOSESOCKETDATA,
            Unmanaged.passUnretained(multi).toOpaque()
        )
        unsafe soundgate_curl_set_close_function(pointer) { context, descriptor in
            unsafe Multi.from(context)?.closing(descriptor)
            return close(descriptor)
        }
    }

    private static func withBytes<Result>(
        _ bytes: UnsafeMutablePointer<CChar>?,
        _ count: Int,
        _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let raw = unsafe UnsafeRawBufferPointer(start: bytes, count: count)
        return unsafe raw.withMemoryRebound(to: UInt8.self) { unsafe body($0) }
    }
}
