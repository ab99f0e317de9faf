// swift-tools-version: 6.3
import PackageDescription

// The house, from the ground up. A target may only name targets of its own floor or of a floor below;
// `Tests/Architecture/check-arrows` holds this manifest against that rule in `make lint` and `make test`.

/// Swift 6 mode, every upcoming feature we rely on, and no warning left standing.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .treatAllWarnings(as: .error),
]

/// For targets that touch C: every pointer use says `unsafe`.
let audited: [SwiftSetting] = strict + [.strictMemorySafety()]

func library(
    _ name: String,
    on floor: String,
    _ dependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/\(floor)/\(name)",
        resources: resources,
        swiftSettings: strict
    )
}

func wrapper(_ name: String, on floor: String = "Platform", _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/\(floor)/\(name)",
        swiftSettings: audited
    )
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: dependencies,
        path: "Tests/\(name)Tests",
        resources: resources,
        swiftSettings: strict
    )
}

let package = Package(
    name: "soundgate",
    products: [.executable(name: "soundgate", targets: ["soundgate"])],
    targets: [
        // CLibraries: one module map and shim per C library.
        .systemLibrary(name: "CLinux", path: "Sources/CLibraries/CLinux"),
        .systemLibrary(name: "CCurl", path: "Sources/CLibraries/CCurl"),
        .systemLibrary(name: "COpenSSL", path: "Sources/CLibraries/COpenSSL"),
        .systemLibrary(name: "CSQLite", path: "Sources/CLibraries/CSQLite"),
        .systemLibrary(name: "CPostgres", path: "Sources/CLibraries/CPostgres"),
        .systemLibrary(name: "CYAML", path: "Sources/CLibraries/CYAML"),
        .systemLibrary(name: "CJansson", path: "Sources/CLibraries/CJansson"),
        .systemLibrary(name: "CSndFile", path: "Sources/CLibraries/CSndFile"),

        // Platform: knows nothing of sounds.
        wrapper("Threads", ["CLinux"]),
        wrapper("EventLoop", ["CLinux", "Threads"]),
        library("HTTP", on: "Platform"),
        library("Spelling", on: "Platform"),
        wrapper("TLS", ["COpenSSL", "Threads"]),
        wrapper("HTTPServer", ["CLinux", "Threads", "EventLoop", "HTTP", "TLS"]),
        wrapper("HTTPClient", ["CLinux", "CCurl", "Threads", "EventLoop", "HTTP"]),
        wrapper("Crypto", ["COpenSSL"]),
        wrapper("JSON", ["CJansson"]),
        wrapper("YAML", ["CYAML"]),
        wrapper("SQLite", ["CSQLite", "Threads"]),
        wrapper("Postgres", ["CPostgres", "CLinux", "Threads", "EventLoop", "Telemetry"]),
        wrapper("AudioFile", ["CSndFile"]),
        wrapper("Telemetry", ["CLinux", "Threads"]),
        // Apart from Telemetry, which everything stands on: only the program needs a client for it.
        library(
            "OpenTelemetry",
            on: "Platform",
            ["Telemetry", "HTTPClient", "HTTP", "JSON", "Crypto", "EventLoop", "Threads"]
        ),
        library("S3", on: "Platform", ["HTTP", "HTTPClient", "Crypto", "Telemetry", "Threads"]),

        // Gateway: the product.
        library("Sound", on: "Gateway", ["JSON", "HTTP", "Spelling"]),
        .target(
            name: "Synthesis",
            path: "Sources/Gateway/Synthesis",
            // Signal processing without the optimiser is some forty times slower: tests would wait for minutes.
            swiftSettings: strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]
        ),
        library("Vault", on: "Gateway", ["Crypto", "Telemetry", "Threads"]),
        library(
            "HashiCorp",
            on: "Gateway",
            ["Timing", "HTTP", "HTTPClient", "JSON", "Crypto", "EventLoop", "Threads", "Telemetry"]
        ),
        library("Configuration", on: "Gateway", ["YAML", "JSON", "Spelling", "Crypto", "Telemetry"]),
        library("Audit", on: "Gateway", ["Sound", "Crypto", "Telemetry", "Threads"]),
        library("Providers", on: "Gateway", ["Sound", "Synthesis", "JSON", "HTTP", "Crypto"]),
        library("Routing", on: "Gateway", ["Sound", "Providers", "JSON", "Spelling"]),
        library(
            "Assets",
            on: "Gateway",
            ["Sound", "AudioFile", "Crypto", "HTTP", "HTTPClient", "S3", "EventLoop", "Threads", "Telemetry"]
        ),
        library("Timing", on: "Gateway", ["Sound", "EventLoop"]),
        library(
            "Webhooks",
            on: "Gateway",
            [
                "Sound", "Timing", "HTTP", "HTTPClient", "JSON", "EventLoop", "Threads", "Telemetry",
                "OpenTelemetry", "Crypto",
            ]
        ),
        library(
            "Tasks",
            on: "Gateway",
            [
                "Sound", "Providers", "Assets", "Audit", "Timing", "Webhooks", "AudioFile", "SQLite",
                "Postgres",
                "JSON",
                "HTTP",
                "HTTPClient",
                "EventLoop",
                "Threads", "Telemetry", "OpenTelemetry", "Crypto",
            ]
        ),
        library(
            "API",
            on: "Gateway",
            [
                "Sound", "Providers", "Routing", "Tasks", "Assets", "Audit", "Timing", "Webhooks",
                "Configuration",
                "HTTP", "HTTPServer", "TLS",
                "JSON", "YAML", "EventLoop", "Threads", "Telemetry", "Crypto", "Spelling",
            ],
            resources: [.embedInCode("Resources/openapi.yaml")]
                + [
                    "console.html", "base.css", "parts.css", "dom.js", "words.js", "session.js", "events.js",
                    "player.js", "sound.js", "capabilities.js", "composer.js", "playground.js", "detail.js",
                    "tasks.js", "providers.js", "plot.js", "usage.js", "app.js",
                ].map { .embedInCode("Resources/Console/\($0)") }
        ),

        // Vendor doubles, and the program.
        library(
            "Emulators",
            on: ".",
            [
                "Synthesis", "AudioFile", "HTTP", "HTTPServer", "HTTPClient", "JSON", "EventLoop", "Threads",
                "Telemetry", "Crypto",
            ]
        ),
        .executableTarget(
            name: "soundgate",
            dependencies: [
                "API", "Assets", "AudioFile", "Audit", "Configuration", "Crypto", "Emulators", "EventLoop",
                "HashiCorp", "HTTP",
                "HTTPClient", "HTTPServer", "JSON", "OpenTelemetry", "Providers", "Routing", "S3", "SQLite",
                "Sound", "Synthesis",
                "Spelling", "TLS", "Tasks", "Telemetry", "Threads", "Timing", "Vault", "Webhooks",
            ],
            path: "Sources/soundgate",
            swiftSettings: strict
        ),

        // Many gateways on a clock of their own: `make simulate` alone builds the program, and nothing ships it.
        .target(
            name: "Simulation",
            dependencies: ["Tasks", "Webhooks", "Providers", "Sound", "Timing", "EventLoop"],
            path: "Sources/Simulation",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "soundgate-simulate",
            dependencies: ["Simulation"],
            path: "Sources/soundgate-simulate",
            swiftSettings: strict
        ),

        // What several tests have in common: certificates, and the other end of a TLS connection.
        .target(
            name: "TLSTestSupport",
            dependencies: ["COpenSSL", "Threads"],
            path: "Tests/TLSTestSupport",
            swiftSettings: strict
        ),

        // A PostgreSQL server for the tests of a process, and databases of it.
        .target(
            name: "PostgresTestSupport",
            dependencies: ["Postgres", "EventLoop", "Telemetry", "Threads"],
            path: "Tests/PostgresTestSupport",
            swiftSettings: strict
        ),

        // An object store in memory.
        .target(
            name: "S3TestSupport",
            dependencies: ["S3", "HTTP", "HTTPServer", "Crypto", "EventLoop", "Threads"],
            path: "Tests/S3TestSupport",
            swiftSettings: strict
        ),

        // Tests mirror Sources; EndToEnd runs the built program. What several of them need is in Support.
        .target(name: "Support", dependencies: ["Threads"], path: "Tests/Support", swiftSettings: strict),
        tests("Threads", ["Threads"]),
        tests("EventLoop", ["EventLoop", "Threads", "CLinux"]),
        tests("HTTP", ["HTTP"]),
        tests("Spelling", ["Spelling"]),
        tests("TLS", ["TLS", "TLSTestSupport"]),
        tests(
            "HTTPServer",
            ["HTTPServer", "HTTP", "TLS", "TLSTestSupport", "EventLoop", "Threads", "CLinux"]
        ),
        tests(
            "HTTPClient",
            ["HTTPClient", "HTTPServer", "HTTP", "TLS", "TLSTestSupport", "EventLoop", "Threads", "CLinux"]
        ),
        tests("Crypto", ["Crypto"]),
        tests("JSON", ["JSON"]),
        tests("YAML", ["YAML"]),
        tests("SQLite", ["SQLite", "Threads"]),
        tests(
            "Postgres",
            [
                "Postgres", "PostgresTestSupport", "TLSTestSupport", "EventLoop", "Telemetry", "Threads",
                "Support",
            ]
        ),
        tests("AudioFile", ["AudioFile"]),
        tests("Telemetry", ["Telemetry", "Threads"]),
        tests(
            "OpenTelemetry",
            [
                "OpenTelemetry", "Emulators", "Telemetry", "HTTPClient", "HTTPServer", "HTTP", "JSON",
                "Crypto", "EventLoop",
                "Threads",
            ]
        ),
        tests(
            "S3",
            ["S3", "S3TestSupport", "HTTP", "HTTPClient", "Crypto", "EventLoop", "Telemetry", "Threads"]
        ),
        tests("Sound", ["Sound", "JSON"]),
        tests("Synthesis", ["Synthesis", "AudioFile"]),
        tests("Vault", ["Vault", "Crypto", "Telemetry", "Threads"]),
        tests(
            "HashiCorp",
            [
                "HashiCorp", "Emulators", "Sound", "Timing", "HTTP", "HTTPClient", "HTTPServer", "JSON",
                "Crypto",
                "EventLoop", "Threads", "Telemetry",
            ]
        ),
        tests("Configuration", ["Configuration", "YAML", "JSON", "Crypto", "Telemetry"]),
        tests("Audit", ["Audit", "Sound", "Crypto", "Telemetry"]),
        tests(
            "Providers",
            ["Providers", "Sound", "JSON", "HTTP", "Crypto"],
            resources: [.copy("Recordings")]
        ),
        tests("Routing", ["Routing", "Providers", "Sound", "JSON", "HTTP", "Crypto", "Support"]),
        tests(
            "Assets",
            [
                "Assets", "AudioFile", "Crypto", "Sound", "HTTP", "HTTPClient", "HTTPServer", "EventLoop",
                "Threads", "S3", "S3TestSupport", "Telemetry", "Support",
            ]
        ),
        tests("Timing", ["Timing", "Sound", "EventLoop"]),
        // What fetches URLs that others choose, in a network namespace in which every address would answer.
        tests(
            "HostileURL",
            [
                "Assets", "Webhooks", "Sound", "Timing", "HTTP", "HTTPClient", "HTTPServer", "EventLoop",
                "Threads",
                "Telemetry",
                "CLinux",
            ]
        ),
        tests(
            "Webhooks",
            [
                "Webhooks", "Sound", "Timing", "HTTP", "HTTPClient", "HTTPServer", "JSON", "EventLoop",
                "Threads",
                "Telemetry",
                "Crypto",
            ]
        ),
        tests(
            "Tasks",
            [
                "Tasks", "Timing", "Webhooks", "Providers", "Sound", "Assets", "Audit", "AudioFile", "SQLite",
                "Postgres", "PostgresTestSupport", "JSON",
                "HTTP",
                "HTTPClient",
                "HTTPServer", "Crypto", "EventLoop", "Threads", "Telemetry", "Support",
            ]
        ),
        tests(
            "API",
            [
                "API", "Tasks", "Timing", "Webhooks", "Providers", "Routing", "Sound", "Assets", "AudioFile",
                "Audit", "Configuration",
                "Crypto",
                "HTTP", "HTTPServer", "HTTPClient", "TLS", "JSON", "SQLite", "Synthesis", "EventLoop",
                "Threads",
                "Telemetry",
            ]
        ),
        tests(
            "Emulators",
            [
                "Emulators", "HTTP", "HTTPServer", "HTTPClient", "JSON", "AudioFile", "EventLoop", "Threads",
                "Crypto",
            ]
        ),
        tests("Simulation", ["Simulation"]),
        // What reads bytes from outside, for the fuzzer and for a test of its corpora.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "HTTP", "HTTPServer", "HTTPClient", "JSON", "Sound", "Configuration", "Providers", "Crypto",
                "Webhooks", "Vault", "AudioFile", "S3",
            ],
            path: "Tests/Fuzz/Targets",
            swiftSettings: strict
        ),
        tests("Fuzz", ["FuzzTargets"]),
        // The vendor that docs/add-a-vendor.md adds step by step; the page quotes these files.
        tests(
            "NewVendor",
            [
                "Providers", "Routing", "Tasks", "Timing", "Sound", "Assets", "HTTP", "HTTPServer",
                "HTTPClient", "JSON", "Crypto", "EventLoop", "Threads", "Telemetry",
            ]
        ),
        // The engine with every adapter against every double, each fault in turn.
        tests(
            "FaultMatrix",
            [
                "Emulators", "Tasks", "Timing", "Webhooks", "Routing", "Providers", "Sound", "Assets", "HTTP",
                "HTTPServer", "HTTPClient",
                "AudioFile", "JSON", "Crypto", "EventLoop", "Threads", "Telemetry", "Support",
            ]
        ),
        tests(
            "EndToEnd",
            [
                "Emulators", "AudioFile", "Crypto", "JSON", "HTTP", "HTTPClient", "HTTPServer", "EventLoop",
                "Threads", "TLS", "TLSTestSupport", "CLinux", "Support", "Postgres", "PostgresTestSupport",
                "S3TestSupport",
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
