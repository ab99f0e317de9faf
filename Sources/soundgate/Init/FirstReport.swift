import Configuration
import JSON

/// Tells what was written, and what to do next.
struct FirstReport {
    let setup: FirstSetup
    let places: FirstPlaces
    let files: [String]

    func show(asJSON: Bool) {
        guard !asJSON else { return Console.output(json.prettyPrinted()) }
        Console.note("Wrote \(files.joined(separator: ", ")).")
        for vendor in waiting {
            Console.note(
                "\(vendor.name) waits for its key: \(place(of: vendor)). Then take \"# \" off its lines."
            )
        }
        if let client = setup.client {
            Console.note("The key of \(client.name); it cannot be shown again:")
            Console.output(client.key)
        }
        Console.note("Next:")
        for command in next { Console.output("  \(command)") }
    }

    private var waiting: [FirstSetup.Vendor] { setup.vendors.filter { !$0.isReady } }

    private func place(of vendor: FirstSetup.Vendor) -> String {
        FirstConfiguration(setup: setup, places: places).place(of: vendor)
    }

    private var next: [String] {
        let key = setup.client == nil ? "" : "SOUNDGATE_KEY=… "
        return [
            "soundgate config check \(places.config)", "soundgate serve --config \(places.config)",
            "\(key)soundgate sound \"soft rain\" --loop\(server) -o rain.wav",
        ]
    }

    /// The option that leads a command to the gateway, where its usual address is another.
    private var server: String {
        do throws(Malformed) {
            guard case .tcp(_, let port) = try ListenAddress(parsing: setup.listen), port != 8080 else {
                return ""
            }
            return " --server http://127.0.0.1:\(port)"
        } catch {
            return ""
        }
    }

    private var json: JSONValue {
        var client: JSONValue = .null
        if let made = setup.client {
            client = [
                "name": .string(made.name), "key": .string(made.key), "key_sha256": .string(made.digest),
            ]
        }
        return [
            "config": .string(places.config), "files": .array(files.map { .string($0) }),
            "providers": .array(
                (setup.vendors.filter(\.isReady).map(\.name) + ["builtin"]).map { .string($0) }
            ),
            "waiting": .array(waiting.map { ["name": .string($0.name), "key": .string(place(of: $0))] }),
            "client": client, "next": .array(next.map { .string($0) }),
        ]
    }
}
