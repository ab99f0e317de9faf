import Providers

/// The text of a first configuration, with its comments.
struct FirstConfiguration {
    let setup: FirstSetup
    let places: FirstPlaces

    var text: String {
        [head, server, keeping, vault, clients, providers, routing].compactMap(\.self).joined(
            separator: "\n\n"
        ) + "\n"
    }

    private var head: String {
        let commands = [
            ("soundgate config check \(places.config)", "every problem, with its place"),
            ("soundgate serve --config \(places.config)", "a running gateway takes changes up by itself"),
            ("soundgate help config", "what else can stand here"),
        ]
        let width = commands.map(\.0.count).max() ?? 0
        let lines = commands.map { command, meaning in
            "#   \(command)\(String(repeating: " ", count: width - command.count + 4))\(meaning)"
        }
        return (["# The configuration of this gateway, begun by \"soundgate init\".", "#"] + lines)
            .joined(separator: "\n")
    }

    private var server: String {
        """
        server:
          listen: "\(setup.listen)"
          # Where callers and vendors reach it from outside. With it, vendors call back as soon as a sound is done.
          # public_url: https://sounds.example.com
          # HTTPS on every TCP address:
          # tls: { certificate: tls/fullchain.pem, private_key: tls/key.pem }
        """
    }

    private var keeping: String {
        """
        # What is kept where; these are the defaults. Relative paths begin where the gateway is started.
        # storage: { sqlite: { path: data/soundgate.db } }
        # assets: { directory: data/audio, retention: 30d }
        """
    }

    private var vault: String? {
        guard setup.wantsVault else { return nil }
        return """
            # Vendors' keys, sealed. What opens them is in a file of its own: keep copies of the two apart.
            vault:
              file: \(places.vaultInConfig)
              key: ${file:\(FirstPlaces.vaultKey)}
            """
    }

    private var clients: String {
        guard let client = setup.client else {
            return """
                # Who may call. Without this section no key is asked for, and only loopback may be listened on.
                # "soundgate client new NAME" makes a key, and the line for it.
                # clients:
                #   - { name: game-team, key_sha256: "…" }
                """
        }
        return """
            # Who may call; "soundgate client new NAME" makes more. Only digests of keys stand here.
            clients:
              - { name: \(client.name), key_sha256: "\(client.digest)" }
            """
    }

    private var providers: String {
        let sections = setup.vendors.map { vendor in
            let lines = section(of: vendor)
            guard !vendor.isReady else { return lines.joined(separator: "\n") }
            let count = lines.count - 1
            let words = [
                "  # \(vendor.adapter.displayName) waits for its key: \(place(of: vendor)).",
                "  # Then take \"# \" off the next \(count == 2 ? "two" : "three") lines.",
            ]
            return (words + lines.dropFirst().map { "  # \($0.dropFirst(2))" }).joined(separator: "\n")
        }
        return """
            # One section for each account at a vendor; "soundgate providers" shows what each can do.
            providers:
            \((sections + [builtin]).joined(separator: "\n"))
            """
    }

    private func section(of vendor: FirstSetup.Vendor) -> [String] {
        let adapter = vendor.name == vendor.adapter.id ? [] : ["    adapter: \(vendor.adapter.id)"]
        return ["  # \(vendor.adapter.displayName)", "  \(vendor.name):"] + adapter + [
            "    credentials: [ { name: main, key: \"\(reference(to: vendor))\" } ]"
        ]
    }

    private func reference(to vendor: FirstSetup.Vendor) -> String {
        switch setup.keys {
        case .vault: "${vault:\(vendor.entry)}"
        case .env: "${env:\(vendor.variable)}"
        case .file: "${file:\(FirstPlaces.keyFile(vendor))}"
        }
    }

    /// Where the key of a vendor is to be put.
    func place(of vendor: FirstSetup.Vendor) -> String {
        switch setup.keys {
        case .vault: "soundgate vault set \(vendor.entry) --config \(places.config)"
        case .env: "the variable \(vendor.variable)"
        case .file: "the file \(places.inFolder(FirstPlaces.keyFile(vendor)))"
        }
    }

    private var builtin: String {
        """
          # The built-in synthesizer: procedural, not AI; it needs no key.
          builtin:
            enabled: true
        """
    }

    private var routing: String {
        let names = setup.vendors.filter(\.isReady).map(\.name) + ["builtin"]
        return """
            routing:
              # Who is asked first among those that meet a request equally well.
              preference: [\(names.joined(separator: ", "))]
            """
    }
}
