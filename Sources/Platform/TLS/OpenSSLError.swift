import COpenSSL

/// The codes of OpenSSL's error queue, which is each thread's own.
enum OpenSSLError {
    /// What a code means, in OpenSSL's words; never a value.
    static func text(_ code: UInt) -> String {
        guard let text = unsafe ERR_reason_error_string(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }

    /// The part of OpenSSL that complains.
    static func library(of code: UInt) -> Int32 { Int32((code >> 23) & 0xFF) }

    /// Its complaint.
    ///
    /// The functions of the C header are inline and have macros in them.
    static func reason(of code: UInt) -> Int32 { Int32(code & 0x7F_FFFF) }
}
