/// The house as data: which floor stands on which, who may see whom.
///
/// Change the rules here, never in `Rules.swift`.
enum House {
    /// Floors by folder, lowest first.
    ///
    /// A target may name its own floor and the floors below.
    /// Emulators stand level with Gateway, and the two do not see each other (but see `emulatorsMaySee`).
    static let floors: [(folder: String, level: Int)] = [
        ("Sources/CLibraries/", 0),
        ("Sources/Platform/", 1),
        ("Sources/Gateway/", 2),
        ("Sources/Emulators/", 2),
        ("Sources/soundgate/", 3),
        ("Sources/Simulation/", 3),
        ("Sources/soundgate-simulate/", 4),
        ("Tests/TLSTestSupport/", 4),
        ("Tests/PostgresTestSupport/", 4),
    ]

    /// How high each module stands inside Gateway.
    ///
    /// `API → Tasks → Routing → Providers → Sound`: a module sees only modules of lower rank. Assets, Audit, Vault and
    /// Webhooks hang off Tasks, each on its own; Timing is what those that wait have in common. A new module is given its rank here.
    static let gatewayRanks = [
        "Sound": 0, "Synthesis": 0, "Configuration": 0, "Vault": 0,
        "Providers": 1, "Assets": 1, "Audit": 1, "Timing": 1,
        "Routing": 2, "Webhooks": 2, "HashiCorp": 2,
        "Tasks": 3,
        "API": 4,
    ]

    /// An emulator must not share the translation it is there to test, but both need something to sing.
    static let emulatorsMaySee: Set = ["Synthesis"]

    /// The modules that may import each C library.
    ///
    /// One each, so that ownership and error handling of a library is written once. OpenSSL has two trades.
    static let wrappers: [String: Set<String>] = [
        "CCurl": ["HTTPClient"],
        "CJansson": ["JSON"],
        "CNGHTTP2": ["HTTPServer"],
        "COpenSSL": ["Crypto", "TLS", "TLSTestSupport"],
        "CPostgres": ["Postgres"],
        "CSndFile": ["AudioFile"],
        "CSQLite": ["SQLite"],
        "CYAML": ["YAML"],
    ]

    /// Not a library but the system: open to all of Platform, and to tests, which play the hostile peer.
    static let systemLibrary = "CLinux"

    /// Values in, values out: these can be tested exhaustively because nothing in them waits or looks at the world.
    static let pure: Set = ["Sound", "Synthesis", "Routing", "Providers"]

    /// What a pure module may not stand on, not even through another module.
    static let effects: Set = [
        "CLinux", "EventLoop", "HTTPClient", "HTTPServer", "Postgres", "SQLite", "Telemetry", "Threads",
    ]

    /// Names through which a pure module would look at the world without any import of ours.
    static let effectfulNames: Set = [
        "clock_gettime", "gettimeofday", "localtime_r", "fopen", "getenv", "getrandom", "arc4random",
        "SystemRandomNumberGenerator",
    ]

    /// Reading one of these clocks (`.now`, `().now`) is an effect; an instant handed in is a value.
    static let clocks: Set = ["ContinuousClock", "SuspendingClock"]

    /// What stays out of the two floors; FoundationEssentials is the exception, in need.
    static let banned: Set = [
        "Foundation", "FoundationInternationalization", "FoundationNetworking", "FoundationXML",
    ]
    static let bannedOn = ["Sources/Platform/", "Sources/Gateway/"]

    /// One folder per vendor under here; `sharedFolders` are no vendors, and the catalog is the one list of them all.
    static let vendors = "Sources/Gateway/Providers/"
    static let sharedFolders: Set = ["Kit"]
    static let catalog = "Sources/Gateway/Providers/Catalog.swift"
    /// Where nobody may know a vendor. (Emulators are vendors' doubles: they cannot even see Providers.)
    static let vendorBlind = ["Sources/Platform/", "Sources/Gateway/", "Sources/soundgate/"]
}
