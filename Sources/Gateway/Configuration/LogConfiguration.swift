/// What is logged, and how.
package struct LogConfiguration: Sendable, Equatable {
    /// The least important lines still written.
    package var level = Level.info
    /// Levels of modules that have their own.
    package var modules: [Module: Level] = [:]
    /// How many lines with the same message a module writes in a second; 0 for all.
    package var repeats = 500
    /// How a line looks.
    package var format = Format.auto

    /// The defaults.
    package init() {}

    /// How much a line matters, the most important first.
    package enum Level: String, Sendable, CaseIterable {
        /// A human should look.
        case error
        /// Degraded but handled.
        case warning
        /// A change in the state of the process or a provider.
        case notice
        /// One line per request.
        case info
        /// For finding faults.
        case debug
    }

    /// A part of the gateway that writes lines under its own name.
    package enum Module: String, Sendable, CaseIterable {
        /// Requests and their answers.
        case api = "API"
        /// The disks.
        case assets = "Assets"
        /// The audit log's file.
        case audit = "Audit"
        /// Reading the configuration again.
        case configuration = "Configuration"
        /// The server that `${hcv:…}` reads.
        case hashiCorp = "HashiCorp"
        /// Connections.
        case httpServer = "HTTPServer"
        /// What is brought to a collector.
        case openTelemetry = "OpenTelemetry"
        /// Tasks, their calls to vendors, and the ledger.
        case tasks = "Tasks"
        /// Certificates.
        case tls = "TLS"
        /// Messages to callers.
        case webhooks = "Webhooks"
    }

    /// How a line looks.
    package enum Format: String, Sendable, CaseIterable {
        /// Text on a terminal, JSON elsewhere.
        case auto
        /// One JSON object per line.
        case json
        /// For people.
        case text
    }
}
