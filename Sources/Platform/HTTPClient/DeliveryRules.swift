import CCurl
import HTTP

/// What is known about a call when it ends badly, and the verdict that follows from it.
///
/// The one fact that decides about delivery is `attempts`: libcurl asks before it writes the first byte of a request,
/// and we count. Zero means that nothing has left.
struct DeliveryFacts {
    /// How often libcurl was about to send the request.
    var attempts = 0
    /// Bytes of the body that libcurl has taken.
    var bytesHanded = 0
    /// Sockets that were opened for the call.
    var socketsOpened = 0
    /// Addresses that the policy refused.
    var addressesRefused = 0

    /// Whether sending may begin (again).
    ///
    /// libcurl repeats a request by itself when a reused connection dies before an answer came. That is right for
    /// methods without effect, and for a body of which nothing had been taken; any other repetition could make the
    /// peer act twice.
    func maySend(_ method: Method, hasBody: Bool) -> Bool {
        attempts == 0 || method.isSafe || (hasBody && bytesHanded == 0)
    }

    var delivery: TransportFailure.Delivery { attempts == 0 ? .notSent : .unknown }

    /// The failure for a result of libcurl.
    func failure(_ code: CURLcode, _ message: String, head: ResponseHead) -> TransportFailure {
        TransportFailure(
            delivery,
            reason(code, isAnswered: head.isComplete),
            message,
            curlCode: Int(code.rawValue),
            status: head.isComplete ? head.status : nil
        )
    }

    private func reason(_ code: CURLcode, isAnswered: Bool) -> TransportFailure.Reason {
        switch code {
        case CURLE_URL_MALFORMAT: .badURL
        // Before sending it speaks of the scheme, afterwards of a reply that is no HTTP/1 ("HTTP/0.9").
        case CURLE_UNSUPPORTED_PROTOCOL: attempts == 0 ? .badURL : .malformed
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY:
            addressesRefused > 0 && socketsOpened == 0 ? .addressRefused : .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CRL_BADFILE,
            CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tls
        // The client keeps every other deadline itself.
        case CURLE_OPERATION_TIMEDOUT: .timeout(attempts == 0 ? .connect : .total)
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
            CURLE_SEND_FAIL_REWIND, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            isAnswered ? .truncated : .closed
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .malformed
        case CURLE_FILESIZE_EXCEEDED: .tooLarge
        // libcurl takes the end of the stream for the end of the head.
        case CURLE_OK: .closed
        default: .unavailable
        }
    }
}
