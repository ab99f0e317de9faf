import Configuration
import Crypto
import Glibc
import JSON
import Providers
import Telemetry
import Threads
import Vault

/// Writes a first configuration, by asking or by options.
enum InitCommand {
    private static let config = Option(
        "--config",
        value: "FILE",
        summary: "the file to write (default soundgate.yaml)"
    )
    private static let vendors = Option(
        "--vendors",
        value: "NAME[,NAME]",
        expects: .list(VendorWords.vendors + ["none"]),
        summary: "the vendors that you have keys of, or none"
    )
    private static let keys = Option(
        "--keys",
        value: "vault|env|file",
        summary: "where their keys come from (default vault)"
    )
    private static let listen = Option(
        "--listen",
        value: "ADDR:PORT",
        summary: "where callers connect (default 127.0.0.1:8080)"
    )
    private static let client = Option(
        "--client",
        value: "NAME",
        summary:
            "make a key for a first client of that name, or none (default: where others can connect, \"first\")"
    )
    private static let yes = Option("--yes", summary: "ask nothing: what no option says is the default")
    private static let force = Option("--force", summary: "replace a configuration that is there")

    static let command = Command(
        name: "init",
        summary: "write a commented configuration, by asking which vendors you have",
        details: """
            Asks on the terminal for what no option says; with --yes it asks nothing. Vendors go by their adapter's name, or by \
            a beginning of it, which then names their section: --vendors suno,musicgpt.

            A vendor's key is asked for without echo, or taken from its environment variable (SUNO_KEY for suno), and put into \
            the vault or into a file. A vendor whose key is not there yet is written as a comment, so that the result always \
            passes "soundgate config check".

            Nothing is written before the last answer. A vault that is there is added to. The client key is printed once.

              soundgate init
              SUNO_KEY=… soundgate init --yes --vendors suno --listen 0.0.0.0:8080 --client game-team
            """,
        options: [config, vendors, keys, listen, client, yes, force, .json],
        signals: Interruption.signals,
        document: .like([
            "config": "soundgate.yaml",
            "files": ["data/vault.sealed", "secrets/vault.key", "soundgate.yaml"],
            "providers": ["suno", "builtin"],
            "waiting": [
                ["name": "musicgpt", "key": "soundgate vault set musicgpt/main --config soundgate.yaml"]
            ],
            "client": ["name": "game-team", "key": "sgk_…", "key_sha256": "2c26b46b…"],
            "next": [
                "soundgate config check soundgate.yaml", "soundgate serve --config soundgate.yaml",
                "soundgate sound \"soft rain\" --loop -o rain.wav",
            ],
        ]),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        try ProcessMemory.protect()
        let places = FirstPlaces(config: invocation.text(config) ?? "soundgate.yaml")
        let isForced = invocation.has(force)
        guard isForced || access(places.config, F_OK) != 0 else {
            throw CommandFailure(.cannotCreate, "\(places.config) exists; --force replaces it")
        }
        let isAsking = !invocation.has(yes)
        guard !isAsking || Console.isTerminal(STDIN_FILENO) else {
            throw UsageError(
                "there is no terminal to ask on; give --yes, and options for what is not the default",
                command: "init"
            )
        }
        var setup = try setup(invocation, isAsking: isAsking)
        try findKeys(for: &setup, places, isAsking: isAsking)
        let text = FirstConfiguration(setup: setup, places: places).text
        do throws(ConfigurationProblems) {
            try rehearse(text, setup, places)
        } catch {
            Console.note(error.description)
            throw CommandFailure(.configuration, "such a configuration would not do; nothing was written")
        }
        if isAsking, !(try Question.confirm("Write \(places.config)?")) {
            throw CommandFailure(.failure, "nothing was written")
        }
        let files = try FirstFiles(setup: setup, places: places, text: text, isForced: isForced).write()
        FirstReport(setup: setup, places: places, files: files).show(asJSON: invocation.has(.json))
        return .success
    }

    // MARK: Answers

    private static func setup(_ invocation: Invocation, isAsking: Bool) throws -> FirstSetup {
        var setup = FirstSetup()
        setup.vendors = try answer(invocation, vendors, isAsking, usual: "none", FirstSetup.vendors) {
            Console.note("Which vendors do you have a key of? The synthesizer is there in any case.")
            for (index, adapter) in catalog.filter(\.needsCredential).enumerated() {
                let name = adapter.id + String(repeating: " ", count: max(1, 12 - adapter.id.count))
                Console.note("  \(index + 1)  \(name)\(adapter.displayName)")
            }
            return "Names or numbers, with commas"
        }
        let hasVendors = !setup.vendors.isEmpty
        setup.keys = try answer(invocation, keys, isAsking && hasVendors, usual: "vault", FirstSetup.keys) {
            Console.note("Where are their keys? In a sealed vault, in the environment, or each in a file.")
            return "vault, env or file"
        }
        setup.listen = try answer(invocation, listen, isAsking, usual: setup.listen, FirstSetup.listen) {
            "Where do callers connect? 0.0.0.0:8080 is everywhere"
        }
        let usual = setup.isLocal ? "none" : "first"
        setup.client = try answer(invocation, client, isAsking, usual: usual, FirstSetup.client) {
            Console.note(
                "A key for a first client\(setup.isLocal ? "? On loopback none is needed." : " is needed there.")"
            )
            return "The client's name, or none"
        }
        return setup
    }

    /// What the option says, else what the person says, else the usual.
    private static func answer<Answer>(
        _ invocation: Invocation,
        _ option: Option,
        _ isAsking: Bool,
        usual: String,
        _ read: (String) throws(UsageError) -> Answer,
        words: () -> String
    ) throws -> Answer {
        if let text = invocation.text(option) { return try read(text) }
        guard isAsking else { return try read(usual) }
        return try Question.ask(words(), usual: usual, read)
    }

    // MARK: Keys

    private static func findKeys(for setup: inout FirstSetup, _ places: FirstPlaces, isAsking: Bool) throws {
        let kept = try keptNames(setup, places)
        for index in setup.vendors.indices {
            let vendor = setup.vendors[index]
            let isThere =
                switch setup.keys {
                case .vault: kept.contains(vendor.entry)
                case .file: access(places.inFolder(FirstPlaces.keyFile(vendor)), F_OK) == 0
                case .env: false
                }
            var key = Environment[vendor.variable].flatMap { $0.isEmpty ? nil : Secret($0) }
            if key == nil, !isThere, isAsking, setup.keys != .env {
                key = try typedKey(of: vendor)
            }
            setup.vendors[index].isReady = isThere || key != nil
            // What is kept already is not replaced by the way.
            if !isThere { setup.vendors[index].key = key }
        }
    }

    private static func typedKey(of vendor: FirstSetup.Vendor) throws -> Secret<String>? {
        while true {
            let typed = try HiddenInput.value(
                prompt: "Key of \(vendor.adapter.displayName) (not shown; Enter: later): "
            )
            if typed.count == 0 { return nil }
            if typed.isText { return Secret(typed) }
            Console.note("  that is not UTF-8 text")
        }
    }

    /// The names in a vault that is there already; it has to open.
    private static func keptNames(_ setup: FirstSetup, _ places: FirstPlaces) throws -> [String] {
        guard setup.wantsVault, access(places.vault, F_OK) == 0 else { return [] }
        do {
            let key = try KeyFile.read(places.inFolder(FirstPlaces.vaultKey))
            return try VaultOpening.open(VaultFile(path: places.vault), keys: [key]).sealed.names.map(\.text)
        } catch let error as VaultFileError {
            throw CommandFailure(error)
        }
    }

    /// Lets the configuration's own reader judge the text, with the files as they are going to be.
    private static func rehearse(_ text: String, _ setup: FirstSetup, _ places: FirstPlaces)
        throws(ConfigurationProblems)
    {
        _ = try GatewayConfiguration.load(
            text: text,
            fileName: places.config,
            adapters: GatewayConfiguration.knownAdapters,
            environment: { Environment[$0] },
            readFile: { _ in String(repeating: "0", count: 64) },
            openVault: { _ throws(VaultRefusal) in
                VaultSecrets(names: setup.vendors.map(\.entry)) { _ throws(VaultRefusal) in
                    Secret("rehearsal")
                }
            }
        )
    }
}
