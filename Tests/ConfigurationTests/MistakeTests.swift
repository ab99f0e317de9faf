import Configuration
import Testing

/// A file and the lines that its mistakes print as.
struct Mistake: CustomTestStringConvertible {
    let text: String
    let lines: [String]

    init(_ text: String, _ lines: String...) {
        self.text = text
        self.lines = lines
    }

    var testDescription: String { text }
}

@Suite struct MistakeTests {
    @Test func allMistakesOfAFileAreToldAtOnceInItsOrder() {
        let text = """
            server:
              listen: 0.0.0.0:8080
              time_outs: {header: 10s}
            assets:
              maximum_size: 200MB
            providers:
              suno:
                adapter: sunoap
                credentials: [{name: a, key: "${env:SUNO}"}]
            routing:
              max_attempts: 11
            """
        let remedy = "list clients, write clients: open to serve anybody, or listen on 127.0.0.1"
        #expect(
            lines(text, fileName: "etc/soundgate.yaml") == [
                "etc/soundgate.yaml:2:11: server.listen: 0.0.0.0:8080 can be reached from other machines, and no clients"
                    + " are named; \(remedy)",
                "etc/soundgate.yaml:3:3: server.time_outs: unknown key; did you mean \"timeouts\"?",
                "etc/soundgate.yaml:5:17: assets.maximum_size: \"200MB\" is not a size; write 200MiB",
                "etc/soundgate.yaml:8:14: providers.suno.adapter: \"sunoap\" is not an adapter of this build; did you"
                    + " mean \"sunoapi\"?",
                "etc/soundgate.yaml:9:34: providers.suno.credentials[0].key: the environment variable SUNO is not set;"
                    + " set it, or write ${env:SUNO:-default}",
                "etc/soundgate.yaml:11:17: routing.max_attempts: \"11\" is out of range; use 1 to 10",
            ]
        )
    }

    @Test(arguments: [
        Mistake("servr: {}", "1:1: servr: unknown key; did you mean \"server\"?"),
        Mistake(
            "log: { modules: { Taks: debug } }",
            "1:19: log.modules.Taks: no module is called \"Taks\"; did you mean \"Tasks\"?"
        ),
        Mistake(
            "log: { modules: { tls: debug } }",
            "1:19: log.modules.tls: no module is called \"tls\"; did you mean \"TLS\"?"
        ),
        Mistake(
            "log: { modules: { Nonsense: debug } }",
            "1:19: log.modules.Nonsense: no module is called \"Nonsense\"; use one of API, Assets, Audit, Configuration, "
                + "HashiCorp, HTTPServer, OpenTelemetry, Tasks, TLS, Webhooks"
        ),
        Mistake(
            "log: { modules: { Tasks: loud } }",
            "1:26: log.modules.Tasks: \"loud\" is not a log level; use one of error, warning, notice, info, debug"
        ),
        Mistake(
            "log: { modules: debug }",
            "1:17: log.modules: is text, must be a map; write it as in { Tasks: debug }"
        ),
        Mistake(
            "tracing: { sample: 2, otlp: { endpoint: https://c.example/v1/traces } }",
            "1:20: tracing.sample: \"2\" is not a number from 0 to 1; write 0.1 for one in ten"
        ),
        Mistake(
            "tracing: {}",
            "1:10: tracing.otlp: is missing; add it: The collector, by OTLP over HTTP in JSON"
        ),
        Mistake(
            "tracing: { otlp: { endpoint: \"http://c.example:4318\" } }",
            "1:30: tracing.otlp.endpoint: has no path; write the whole URL, as a rule http://c.example:4318/v1/traces"
        ),
        Mistake(
            "tracing: { otlp: { endpoint: https://c.example/v1/traces, headers: { Host: x } } }",
            "1:70: tracing.otlp.headers.Host: is no name of a field that can be set here; use letters, digits and '-', and "
                + "none of connection, content-length, content-type, expect, host, transfer-encoding"
        ),
        Mistake(
            "tracing: { otlp: { endpoint: https://c.example/v1/traces, headers: { X-Key: \"a\\nb\" } } }",
            "1:77: tracing.otlp.headers.X-Key: is empty, or holds line breaks or other characters that no field has; check "
                + "what was pasted"
        ),
        Mistake(
            "log: {colour: 1}",
            "1:7: log.colour: unknown key; the keys here are level, modules, repeats, format"
        ),
        Mistake(
            "server: 8080",
            "1:9: server: is an integer, must be a map; its keys are listen, public_url, trusted_proxies, threads, tls, limits, timeouts, drain, metrics"
        ),
        Mistake(
            "[]",
            "1:1: is a list, must be a map; its keys are server, storage, assets, vault, clients, providers, routing, webhooks, audit, log, tracing"
        ),
        Mistake("server: {drain: }", "1:17: server.drain: has no value; give it one, or remove the key"),
        Mistake("server: {drain: [1s]}", "1:17: server.drain: is a list, must be a single value"),
        Mistake(
            "server: {drain: 20}",
            "1:17: server.drain: \"20\" is not a duration; give it a unit, as in 20s"
        ),
        Mistake("routing: {deadline: 25h}", "1:21: routing.deadline: \"25h\" is out of range; use 1s to 1d"),
        Mistake("server: {threads: 65}", "1:19: server.threads: \"65\" is out of range; use 1 to 64"),
        Mistake("server: {threads: '8'}", "1:19: server.threads: \"8\" is not an integer; remove the quotes"),
        Mistake(
            "server: {threads: 1.5}",
            "1:19: server.threads: \"1.5\" is not an integer; write a whole number from 1 to 64"
        ),
        Mistake(
            "server: {listen: []}",
            "1:18: server.listen: is an empty list; list at least one, or remove the key"
        ),
        Mistake(
            "server: {listen: 8080}",
            "1:18: server.listen: \"8080\" is not an address to listen on; write ADDRESS:PORT as in 127.0.0.1:8080 or [::1]:8080, or unix:/path"
        ),
        Mistake(
            "server: {listen: ':80'}",
            "1:18: server.listen: \":80\" names no address; write 127.0.0.1:80, 0.0.0.0:80 or [::]:80"
        ),
        Mistake(
            "server: {public_url: ftp://x}",
            "1:22: server.public_url: \"ftp://x\" is not an http or https URL; write it as in https://sounds.example.com/base"
        ),
        Mistake(
            "server: {public_url: 'https://x/?a=b'}",
            "1:22: server.public_url: \"https://x/?a=b\" has a query or a fragment; end the URL before it"
        ),
        Mistake(
            "server: {public_url: 'https://u:p@x/'}",
            "1:22: server.public_url: \"https://u:p@x/\" holds a user name or password; leave it out"
        ),
        Mistake(
            "server: {public_url: 'https://x:0'}",
            "1:22: server.public_url: \"https://x:0\" has no proper host and port; write it as in https://sounds.example.com/base"
        ),
        Mistake(
            "storage: {sqlite: {path: ''}}",
            "1:26: storage.sqlite.path: is empty; give it a value, or remove the key"
        ),
        Mistake(
            "storage: {postgres: {url: 'mysql://u:p@h/d'}}",
            "1:27: storage.postgres.url: is not the address of a PostgreSQL database; write postgresql://USER@HOST/DATABASE, with %XX for what no URL has"
        ),
        Mistake(
            "storage: {postgres: {url: 'postgres://h/d', connections: 0}}",
            "1:58: storage.postgres.connections: \"0\" is out of range; use 1 to 1000"
        ),
        Mistake("log: {level: inf}", "1:14: log.level: \"inf\" is not a log level; did you mean \"info\"?"),
        Mistake(
            "log: {format: xml}",
            "1:15: log.format: \"xml\" is not a log format; use one of auto, json, text"
        ),
    ])
    func aMistakeSaysWhereWhatAndWhatToDo(_ mistake: Mistake) {
        #expect(lines(mistake.text) == mistake.lines.map { "f.yaml:\($0)" })
    }

    @Test(arguments: [
        Mistake(
            "clients: closed",
            "1:10: clients: \"closed\" is not a list of clients; list them, or write open to serve anybody without a key"
        ),
        Mistake(
            "clients: []",
            "1:10: clients: is an empty list; list a client, or write open to serve anybody without a key"
        ),
        Mistake(
            "clients: {name: a}",
            "1:10: clients: is a map, must be a list; begin each entry with a dash"
        ),
        Mistake(
            "clients:\n  - {name: a}",
            "2:5: clients[0].key_sha256: is missing; add it: SHA-256 of the client's key in lower-case hexadecimal digits"
        ),
        Mistake(
            "clients:\n  - {name: A b, key_sha256: hunter2, admin: yes}",
            "2:12: clients[0].name: \"A b\" is not a name; use up to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first",
            "2:29: clients[0].key_sha256: is not 64 lower-case hexadecimal digits; make a key and its digest with: soundgate client new NAME",
            "2:45: clients[0].admin: \"yes\" is not a truth value; write true"
        ),
        Mistake(
            "clients:\n  - {name: a, key_sha256: \(digest)}\n  - {name: a, key_sha256: \(digest)}",
            "3:12: clients[1].name: \"a\" is already taken by clients[0]; remove or rename one of them",
            "3:27: clients[1].key_sha256: is the same key as clients[0].key_sha256; make another with: soundgate client new NAME"
        ),
        Mistake(
            "server: {listen: ['127.0.0.1:80', '[::]:80']}",
            "1:18: server.listen: [::]:80 can be reached from other machines, and no clients are named; list clients, write clients: open to serve anybody, or listen on 127.0.0.1"
        ),
    ])
    func clientsAreChecked(_ mistake: Mistake) {
        #expect(lines(mistake.text) == mistake.lines.map { "f.yaml:\($0)" })
    }

    @Test(arguments: [
        Mistake(
            "providers:\n  suno: {}",
            "2:3: providers.suno: \"suno\" is not an adapter of this build; say which it is with adapter: sunoapi | musicgpt | kie | builtin"
        ),
        Mistake(
            "providers:\n  suno_api: {}",
            "2:3: providers.suno_api: \"suno_api\" is not an adapter of this build; did you mean \"sunoapi\"?"
        ),
        Mistake(
            "providers:\n  sunoapi: {}",
            "2:3: providers.sunoapi: has no credentials, and the adapter sunoapi needs one; add credentials: [ { name: main, key: \"${env:NAME}\" } ], or enabled: false"
        ),
        Mistake(
            "providers:\n  Suno: {}",
            "2:3: providers: \"Suno\" is not a name; use up to 64 of a-z, 0-9, '.', '-' and '_', a letter or digit first"
        ),
        Mistake(
            "providers: {sunoapi: {credentials: [{name: a, key: k}, {name: a, key: k}]}}",
            "1:63: providers.sunoapi.credentials[1].name: \"a\" is already taken by providers.sunoapi.credentials[0]; remove or rename one of them"
        ),
        Mistake(
            "providers: {sunoapi: {credentials: [{name: a, key: \"s3cret\\n\"}]}}",
            "1:52: providers.sunoapi.credentials[0].key: holds spaces, line breaks or other characters that no key has; check what was pasted"
        ),
        Mistake(
            "providers: {builtin: {enabled: false}}",
            "1:12: providers: no provider is enabled; enable one, or every request would be refused"
        ),
        Mistake(
            "providers: {builtin: {options: {a: .inf}}}",
            "1:36: providers.builtin.options.a: is not a finite number"
        ),
        Mistake(
            "routing: {preference: [bultin, nobody]}",
            "1:24: routing.preference[0]: no provider is called \"bultin\"; did you mean \"builtin\"?",
            "1:32: routing.preference[1]: no provider is called \"nobody\"; add it under providers, or remove it here"
        ),
        Mistake(
            "providers: {sunoapi: {credentials: [{name: a, key: k, rate_limit: 20}]}}",
            "1:67: providers.sunoapi.credentials[0].rate_limit: \"20\" is not a rate; write COUNT/TIME, as in 600/m or 20/10s"
        ),
        Mistake(
            "providers: {builtin: {webhook_secret: x}}",
            "1:39: providers.builtin.webhook_secret: is of no use: the adapter builtin gets no signed callbacks; remove it; adapters with signed callbacks: kie"
        ),
        Mistake(
            "routing: {preference: [builtin, builtin]}",
            "1:33: routing.preference[1]: \"builtin\" is already taken by routing.preference[0]; remove or rename one of them"
        ),
    ])
    func providersAreChecked(_ mistake: Mistake) {
        #expect(lines(mistake.text) == mistake.lines.map { "f.yaml:\($0)" })
    }

    @Test(arguments: [
        Mistake(
            signing("hunter2"),
            "1:115: clients[0].webhook_secret: is not whsec_ and base 64; make one with: echo whsec_$(openssl rand -base64 32)"
        ),
        Mistake(
            signing("'whsec_c2VjcmV0'"),
            "1:115: clients[0].webhook_secret: has 6 bytes, not 24 to 64; make one with: echo whsec_$(openssl rand -base64 32)"
        ),
        Mistake(
            signing("[\(signingSecret), 'whsec_c2VjcmV0*']"),
            "1:168: clients[0].webhook_secret[1]: is not whsec_ and base 64; make one with: echo whsec_$(openssl rand -base64 32)"
        ),
        Mistake(
            signing("[]"),
            "1:115: clients[0].webhook_secret: is an empty list; list at least one, or remove the key"
        ),
        Mistake(
            "webhooks: {alow: []}",
            "1:12: webhooks.alow: unknown key; did you mean \"allow\"?"
        ),
        Mistake(
            "webhooks: {allow: 10.0.0.0/8}",
            "1:19: webhooks.allow: is text, must be a list; begin each entry with a dash"
        ),
        Mistake(
            "webhooks:\n  allow:\n    - 10.0.0.1/8\n    - 10.0.0.0/33\n    - 300.1.1.1\n    - http://x\n    - x:0",
            "3:7: webhooks.allow[0]: \"10.0.0.1/8\" does not begin its range; write 10.0.0.0/8, or leave out /8",
            "4:7: webhooks.allow[1]: \"10.0.0.0/33\" has no prefix of 0 to 32 bits; \(destinationRemedy)",
            "5:7: webhooks.allow[2]: \"300.1.1.1\" is no address, range of addresses or host; \(destinationRemedy)",
            "6:7: webhooks.allow[3]: \"http://x\" is no range of addresses; \(destinationRemedy)",
            "7:7: webhooks.allow[4]: \"x:0\" has no port of 1 to 65535; \(destinationRemedy)"
        ),
        Mistake(
            "webhooks: {allow: ['fd00::/8', 'FD00::/8']}",
            "1:32: webhooks.allow[1]: \"fd00::/8\" is already taken by webhooks.allow[0]; remove or rename one of them"
        ),
    ])
    func webhooksAreChecked(_ mistake: Mistake) {
        #expect(lines(mistake.text) == mistake.lines.map { "f.yaml:\($0)" })
    }

    @Test(arguments: ["cheapest", "fastest", "balanced"])
    func policiesOfALaterVersionAreRefused(_ policy: String) {
        #expect(
            lines("routing: {policy: \(policy)}") == [
                "f.yaml:1:19: routing.policy: \"\(policy)\" is not supported by this version; use preference"
            ]
        )
    }

    @Test func aSyntaxErrorIsOneProblem() {
        #expect(
            lines("a: 1\na: 2") == ["f.yaml:2:1: the key \"a\" is already there, at line 1, column 1"]
        )
        #expect(
            lines("a: {b: ${env:X}, c: 1}").first?.hasSuffix(
                "; put quotes around a value with ${…} inside [ ] or { }"
            ) == true
        )
    }
}

/// A digest as `key_sha256` wants it.
private let digest = String(repeating: "0f", count: 32)

/// An entry of `clients` with these secrets for its webhooks.
private func signing(_ secrets: String) -> String {
    "clients: [{name: a, key_sha256: \(digest), webhook_secret: \(secrets)}]"
}

private let destinationRemedy =
    "write it as in 10.0.0.0/8, fd00::1, hooks.internal.example or 10.1.2.3:8080"
