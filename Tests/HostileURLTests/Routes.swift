import CLinux
import Glibc
import Threads

/// Makes the whole internet a part of this machine: in a fresh network namespace, every address is one of loopback's.
///
/// So a call that goes where it must not go does not fail for want of a way: somebody answers, and remembers it.
/// Spoken to the kernel directly (rtnetlink), for the `ip` program is not everywhere.
enum Routes {
    static func leadHome() throws {
        let socket = try retryingSystemCall("socket", subject: "netlink") { Glibc.socket(16, 3, 0) }
        defer { close(socket) }
        // RTM_NEWLINK: `struct ifinfomsg` with index 1, which is lo, and IFF_UP in flags and change.
        try tell(socket, type: 16, flags: 0, [0, 0, 0, 0] + word(1) + word(1) + word(1))
        // RTM_NEWROUTE with NLM_F_CREATE: `struct rtmsg` of no destination bits in the table `local`, then RTA_OIF 1.
        for family: UInt8 in [2, 10] {
            let scope: UInt8 = family == 2 ? 254 : 0
            let route: [UInt8] = [family, 0, 0, 0, 255, 3, scope, 2] + word(0) + [8, 0, 4, 0] + word(1)
            do {
                try tell(socket, type: 24, flags: 0x400, route)
            } catch  where family == 10 {
                // Machines without IPv6 have nothing to lead home.
            }
        }
    }

    private static func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (8 * $0) & 255) } }

    private static func tell(_ socket: Int32, type: UInt8, flags: UInt32, _ body: [UInt8]) throws {
        // NLM_F_REQUEST and NLM_F_ACK.
        let message =
            word(UInt32(16 + body.count)) + [type, 0] + word(flags | 5).prefix(2) + word(1) + word(0) + body
        try retryingSystemCall("send", subject: "netlink") { send(socket, message, message.count, 0) }
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = try retryingSystemCall("recv", subject: "netlink") { recv(socket, &answer, 4096, 0) }
        // `struct nlmsgerr`: a negative error number, 0 for an acknowledgement.
        guard count >= 20, answer[16..<20].allSatisfy({ $0 == 0 }) else {
            throw SystemError("netlink", subject: "\(type)", code: Int32(256 - Int(answer[16])))
        }
    }
}
