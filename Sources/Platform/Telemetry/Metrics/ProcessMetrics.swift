import CLinux
import Glibc

/// What the system knows of this process, under the names that every client library of Prometheus gives it.
package struct ProcessMetrics: Sendable {
    private let cpu: MetricFamily<Counter>
    private let resident: MetricFamily<Gauge>
    private let virtual: MetricFamily<Gauge>
    private let descriptors: MetricFamily<Gauge>
    private let mostDescriptors: MetricFamily<Gauge>
    private let threads: MetricFamily<Gauge>
    private let started: MetricFamily<Gauge>

    /// Declares them, and has them looked up whenever somebody asks.
    package init(_ registry: MetricRegistry) {
        cpu = registry.counter("process_cpu_seconds_total", "Processor time spent, in seconds.")
        resident = registry.gauge("process_resident_memory_bytes", "Memory that is in use, in bytes.")
        virtual = registry.gauge("process_virtual_memory_bytes", "Memory that is reserved, in bytes.")
        descriptors = registry.gauge("process_open_fds", "File descriptors that are open.")
        mostDescriptors = registry.gauge("process_max_fds", "File descriptors that may be open.")
        threads = registry.gauge("process_threads", "Threads of the process.")
        started = registry.gauge(
            "process_start_time_seconds",
            "When the process began, in seconds since 1970."
        )
        registry.collectOnPool { [self] in lookUp() }
    }

    private func lookUp() {
        cpu[].follow(Self.clock(CLOCK_PROCESS_CPUTIME_ID))
        if let count = Self.openDescriptors() { descriptors[].set(Double(count)) }
        var limit = rlimit()
        if unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            mostDescriptors[].set(Double(limit.rlim_cur))
        }
        guard let status = ProcessStatus(ofText: Self.read("/proc/self/stat")) else { return }
        threads[].set(Double(status.threads))
        virtual[].set(Double(status.virtualBytes))
        resident[].set(Double(status.residentPages) * Double(sysconf(Int32(_SC_PAGESIZE))))
        let age = Self.clock(CLOCK_BOOTTIME) - Double(status.startTicks) / Double(sysconf(Int32(_SC_CLK_TCK)))
        started[].set((Self.clock(CLOCK_REALTIME) - age).rounded())
    }

    private static func clock(_ id: clockid_t) -> Double {
        var time = timespec()
        unsafe clock_gettime(id, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// A process may always look at its own, whoever owns the folder; the one that looks is not counted.
    private static func openDescriptors() -> Int? {
        guard let folder = unsafe opendir("/proc/self/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = 0
        while unsafe readdir(folder) != nil { count += 1 }
        // Besides the folder's own there are "." and "..".
        return count - 3
    }

    private static func read(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        return unsafe String(unsafeUninitializedCapacity: 2048) { buffer in
            max(0, unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
    }
}

/// The fields of `/proc/PID/stat` that are told further.
struct ProcessStatus: Equatable {
    let threads: Int
    /// Since the machine was started.
    let startTicks: Int
    let virtualBytes: Int
    let residentPages: Int

    /// Reads the one line; `nil` when it is not what proc(5) says.
    ///
    /// "The filename of the executable, in parentheses" is the second field and may hold blanks and parentheses itself:
    /// the others are counted from the last one that closes.
    init?(ofText text: String) {
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(whereSeparator: { $0 == " " || $0 == "\n" })
        // The first one here is the third of the manual.
        func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        guard let threads = field(20), let start = field(22), let size = field(23), let pages = field(24)
        else {
            return nil
        }
        self.threads = threads
        startTicks = start
        virtualBytes = size
        residentPages = pages
    }
}
