import CCurl
import EventLoop
import HTTP

/// A `CURL *` with its callbacks, used for one transfer after another on one loop.
///
/// What is the same for all transfers is set once; `begin` sets everything that differs, so nothing of the last
/// transfer remains. The callbacks get this object unretained: `Multi` keeps it until the handle is cleaned up.
@safe
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private(set) var transfer: Transfer?
    unowned let multi: Multi
    private var fields: FieldList?
    private let message: UnsafeMutablePointer<CChar>
    /// Where libcurl looks for authorities unless told otherwise: a file and a folder.
    private let system: (file: String?, folder: String?)
    private let ownAuthorities: String?
    private var trust = UpstreamRequest.Trust.system

    /// A handle for the transfers of `multi`; `nil` when libcurl has no memory.
    init?(for multi: Multi, _ configuration: HTTPClient.Configuration) {
        guard let pointer = unsafe curl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.multi = multi
        ownAuthorities = configuration.certificateAuthorities
        // Read before anything is set: libcurl forgets its defaults when another file is named.
        system = unsafe (
            Self.string(pointer, CURLINFO_CAINFO),
            ownAuthorities == nil ? Self.string(pointer, CURLINFO_CAPATH) : nil
        )
        setUp(configuration)
        setCallbacks()
    }

    deinit {
        unsafe curl_easy_cleanup(pointer)
        unsafe message.deallocate()
    }

    /// Recovers the object from a callback's context.
    static func from(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
        unsafe context.map { unsafe Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: One transfer

    /// Sets the handle up for a transfer.
    func begin(_ transfer: Transfer) throws(TransportFailure) {
        let request = transfer.request
        fields = try FieldList(request)
        self.transfer = transfer
        unsafe message[0] = 0
        set(CURLOPT_URL, request.url)
        if request.trust != trust { believe(request.trust) }
        unsafe set(CURLOPT_HTTPHEADER, list: fields?.head)
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.timeouts.connect))
        let mayBeHTTP2 = transfer.url.scheme == .https && request.protocols == .negotiated
        set(CURLOPT_HTTP_VERSION, mayBeHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        // Only where it may come to sharing: elsewhere calls would queue behind the first to connect.
        set(CURLOPT_PIPEWAIT, mayBeHTTP2 ? 1 : 0)
        set(CURLOPT_NOBODY, 0)
        if transfer.hasBody || [.post, .put, .patch].contains(request.method) {
            set(CURLOPT_POST, 1)
            set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body?.count ?? 0)
        } else {
            set(CURLOPT_HTTPGET, 1)
            if request.method == .head { set(CURLOPT_NOBODY, 1) }
        }
        let isImplied: Bool =
            switch request.method {
            case .get, .head: !transfer.hasBody
            case .post: true
            default: false
            }
        set(CURLOPT_CUSTOMREQUEST, isImplied ? nil : request.method.rawValue)
    }

    /// Lets go of the transfer and its fields.
    func finish() {
        transfer = nil
        // "You must not free the list until the transfer is done", and the handle must not keep it afterwards.
        unsafe set(CURLOPT_HTTPHEADER, list: nil)
        fields = nil
    }

    /// The failure that a result means for the current transfer.
    func failure(_ code: CURLcode, of transfer: Transfer) -> TransportFailure {
        if let verdict = transfer.verdict {
            return TransportFailure(
                transfer.facts.delivery,
                verdict.reason,
                verdict.message,
                curlCode: Int(code.rawValue),
                status: transfer.head.isComplete ? transfer.head.status : nil
            )
        }
        let detail = unsafe String(cString: message)
        let text = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
        if code == CURLE_PEER_FAILED_VERIFICATION {
            let host = transfer.url.host
            return transfer.facts.failure(
                code,
                TransportFailure.distrust + "\(host) is not trusted: \(text)",
                head: transfer.head
            )
        }
        let isOK = code == CURLE_OK
        return transfer.facts.failure(
            code,
            isOK ? "the connection ended within the answer's head" : text,
            head: transfer.head
        )
    }

    /// The answer of a transfer that ended well.
    func response(of transfer: Transfer, status: Status) -> UpstreamResponse {
        UpstreamResponse(
            status: status,
            fields: transfer.head.fields,
            body: transfer.mode == .collect ? transfer.content : [],
            effectiveURL: transfer.request.url,
            version: version,
            connectionReused: long(CURLINFO_NUM_CONNECTS) == 0,
            primaryAddress: primaryAddress
        )
    }

    /// Lets content flow again; may call the write callback before it returns.
    func resume() {
        unsafe curl_easy_pause(pointer, CURLPAUSE_CONT)
    }

    private var version: UpstreamResponse.ProtocolVersion {
        switch long(CURLINFO_HTTP_VERSION) {
        case CURL_HTTP_VERSION_1_0: .http10
        case CURL_HTTP_VERSION_2_0: .http2
        case CURL_HTTP_VERSION_3: .http3
        default: .http11
        }
    }

    private var primaryAddress: String { unsafe Self.string(pointer, CURLINFO_PRIMARY_IP) ?? "" }

    private static func string(_ pointer: UnsafeMutableRawPointer, _ info: CURLINFO) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe soundgate_curl_get_string(pointer, info, &text) == CURLE_OK, let text = unsafe text
        else {
            return nil
        }
        return unsafe String(cString: text)
    }

    // MARK: Options

    private func setUp(_ configuration: HTTPClient.Configuration) {
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        // An empty string turns off the proxy variables of the environment as well.
        set(CURLOPT_PROXY, configuration.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        if ownAuthorities != nil { believe(.system) }
        // Allocated for each transfer that has a body, and most bodies are small.
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_TCP_KEEPIDLE, 60)
        set(CURLOPT_TCP_KEEPINTVL, 20)
        set(CURLOPT_USERAGENT, configuration.userAgent)
        unsafe soundgate_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, message)
    }

    /// Says whose certificates are taken; libcurl shares neither connections nor sessions between two of these.
    private func believe(_ trust: UpstreamRequest.Trust) {
        self.trust = trust
        switch trust {
        case .system:
            set(CURLOPT_CAINFO, ownAuthorities ?? system.file)
            set(CURLOPT_CAPATH, system.folder)
        case .only(let file):
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_CAPATH, nil)
        case .also(let file):
            set(CURLOPT_CAINFO, file)
            set(CURLOPT_CAPATH, system.folder)
        }
    }

    func set(_ option: CURLoption, _ value: Int) {
        let code = unsafe soundgate_curl_set_long(pointer, option, value)
        assert(code == CURLE_OK, "libcurl does not know option \(option.rawValue)")
    }

    private func set(_ option: CURLoption, offset value: Int) {
        unsafe soundgate_curl_set_offset(pointer, option, curl_off_t(value))
    }

    private func set(_ option: CURLoption, _ value: String?) {
        let code: CURLcode
        if let value {
            code = unsafe soundgate_curl_set_string(pointer, option, value)
        } else {
            code = unsafe soundgate_curl_set_string(pointer, option, nil)
        }
        assert(code == CURLE_OK, "libcurl does not know option \(option.rawValue)")
    }

    private func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        unsafe soundgate_curl_set_list(pointer, option, list)
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        unsafe soundgate_curl_get_long(pointer, info, &value)
        return value
    }

    /// At least 1, as libcurl takes 0 for its own default, and at most what it takes at all.
    private static func milliseconds(_ duration: Duration) -> Int {
        Int(min(max(1, duration.wholeNanoseconds / 1_000_000), UInt64(Int32.max)))
    }
}
