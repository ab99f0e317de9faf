import Configuration
import Glibc

/// What this build is called.
let version = "0.1.0"

struct StandardError: TextOutputStream {
    mutating func write(_ string: String) {
        var bytes = Array(string.utf8)
        _ = Glibc.write(STDERR_FILENO, &bytes, bytes.count)
    }
}
nonisolated(unsafe) var standardError = StandardError()

exit(await Service.run(GatewayConfiguration(adapters: GatewayConfiguration.knownAdapters)))
