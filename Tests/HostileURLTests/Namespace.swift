import Foundation
import Glibc
import Testing

/// Network namespaces of our own: the tests run themselves again in one that has nothing but loopback.
///
/// Made by `unshare` of util-linux, without being root where the system lets users do that. A namespace for mounts goes
/// with it, in which the resolver's files are ours.
enum Namespace {
    private static let mark = "SOUNDGATE_NAMESPACE"

    /// Whether this process is the one inside.
    static let isInside = ProcessInfo.processInfo.environment[mark] == "inside"

    /// Whether the system lets us make one; `SOUNDGATE_NAMESPACE=required` makes a failure of it that it does not.
    static let isAvailable: Bool = {
        guard !isInside else { return false }
        let isRequired = ProcessInfo.processInfo.environment[mark] == "required"
        let probe = try? run(
            [
                "unshare", "--user", "--map-root-user", "--net", "--mount", "mount", "--bind", "/etc/hosts",
                "/etc/resolv.conf",
            ],
            [:]
        )
        return isRequired || probe?.status == 0
    }()

    struct Ended { let status: Int32, output: String }

    /// Runs the tests of one suite inside.
    static func run(only filter: String) throws -> Ended {
        let folder = URL(filePath: "/tmp/soundgate-namespace-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let resolver = folder.appending(path: "resolv.conf")
        // Search domains and other name services of the machine have no say in there.
        try "nameserver 127.0.0.1\noptions timeout:2 attempts:1\n"
            .write(to: resolver, atomically: true, encoding: .utf8)
        let services = folder.appending(path: "nsswitch.conf")
        try "hosts: files dns\n".write(to: services, atomically: true, encoding: .utf8)
        let script = """
            set -e
            mount --bind "$1" /etc/resolv.conf
            if [ -e /etc/nsswitch.conf ]; then mount --bind "$2" /etc/nsswitch.conf; fi
            shift 2
            exec "$@"
            """
        return try run(
            [
                "unshare", "--user", "--map-root-user", "--net", "--mount", "sh", "-c", script, "sh",
                resolver.path, services.path,
            ] + arguments(only: filter),
            // Whoever asks the environment for a proxy finds a listener that must stay alone.
            [
                mark: "inside", "http_proxy": "http://127.0.0.1:3128", "https_proxy": "http://127.0.0.1:3128",
                "HTTPS_PROXY": "http://127.0.0.1:3128", "all_proxy": "http://127.0.0.1:3128",
                "ALL_PROXY": "socks5://127.0.0.1:3128",
            ]
        )
    }

    /// How this very program was started, with another choice of tests.
    private static func arguments(only filter: String) -> [String] {
        var words = CommandLine.arguments
        words[0] = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? words[0]
        for option in ["--filter", "--skip", "--xunit-output", "--event-stream-output-path"] {
            while let index = words.firstIndex(of: option), index + 1 < words.count {
                words.removeSubrange(index...index + 1)
            }
        }
        words.removeAll { $0.hasPrefix("--filter=") || $0.hasPrefix("--skip=") }
        return words + ["--filter", filter]
    }

    private static func run(_ words: [String], _ environment: [String: String]) throws -> Ended {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Ended(
            status: process.terminationReason == .exit
                ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: output, as: UTF8.self)
        )
    }
}
