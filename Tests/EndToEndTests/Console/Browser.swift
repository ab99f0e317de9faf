import Crypto
import Glibc
import HTTP
import HTTPClient
import JSON
import Testing

/// A Chromium without a window, driven through WebDriver (W3C) by Debian's `chromium-driver`.
struct Browser {
    private let driver: Peer
    private let session: String
    /// The browser's own process, which must not outlive the test.
    fileprivate let process: pid_t

    /// Something that the driver did not do.
    struct Refusal: Error, CustomStringConvertible {
        let command: String
        let description: String
    }

    /// Why there is no browser, in words that help.
    struct Missing: Error, CustomStringConvertible {
        let program: String
        var description: String {
            "\(program) is not installed, and the console is only tested in a browser: "
                + "run `.ci/install-packages console` as root"
        }
    }

    private static let arguments: [JSONValue] = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--autoplay-policy=no-user-gesture-required", "--hide-scrollbars", "--window-size=1440,900",
        "--force-color-profile=srgb", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--lang=en",
    ]

    fileprivate init(_ driver: Peer) async throws {
        self.driver = driver
        let wish: JSONValue = [
            "capabilities": [
                "alwaysMatch": [
                    "goog:chromeOptions": ["args": .array(Self.arguments)],
                    "goog:loggingPrefs": ["browser": "ALL"],
                    // A page on a loaded machine needs its time.
                    "timeouts": ["script": 120_000, "pageLoad": 120_000],
                ]
            ]
        ]
        let answer = try await driver.post("/session", wish)
        let value = answer.json["value"]
        guard answer.status == 200, let id = value?["sessionId"]?.string else {
            throw Refusal(command: "a new session", description: "\(answer.json)")
        }
        session = "/session/\(id)"
        process = pid_t(value?["capabilities"]?["goog:processID"]?.integer ?? 0)
    }

    /// The path of a program that must be there.
    fileprivate static func program(_ name: String) throws -> String {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        let paths = folders.split(separator: ":").map { "\($0)/\(name)" }
        guard let path = paths.first(where: { access($0, X_OK) == 0 }) else { throw Missing(program: name) }
        return path
    }

    // MARK: Commands

    @discardableResult
    private func tell(_ method: HTTP.Method, _ command: String, _ body: JSONValue? = nil) async throws
        -> JSONValue
    {
        let fields: Fields = body == nil ? [:] : ["Content-Type": "application/json"]
        let answer = try await driver.send(method, session + command, body?.serialized(), fields: fields)
        guard answer.status == 200 else {
            throw Refusal(
                command: command,
                description: answer.json["value"]?["message"]?.string ?? "status \(answer.status)"
            )
        }
        return answer.json["value"] ?? .null
    }

    fileprivate func close() async throws { try await tell(.delete, "") }

    func open(_ url: String) async throws { try await tell(.post, "/url", ["url": .string(url)]) }

    /// Runs a function's body in the page, and returns what it returns.
    @discardableResult
    func run(_ script: String) async throws -> JSONValue {
        try await tell(.post, "/execute/sync", ["script": .string(script), "args": []])
    }

    /// What an expression comes to.
    func value(_ expression: String) async throws -> JSONValue { try await run("return (\(expression))") }

    /// A command of the browser's own protocol, where WebDriver has none.
    @discardableResult
    func devtools(_ command: String, _ parameters: JSONObject) async throws -> JSONValue {
        let body: JSONValue = ["cmd": .string(command), "params": .object(parameters)]
        return try await tell(.post, "/goog/cdp/execute", body)
    }

    /// Waits until an expression is true, or something that counts as it.
    func wait(for expression: String, within limit: Duration = .seconds(90)) async throws {
        let _: Bool = try await eventually("\(expression) in the page", within: limit) {
            try await value("Boolean(\(expression))") == true ? true : nil
        }
    }

    private func element(_ selector: String) async throws -> String {
        try await wait(for: "document.querySelector(\(JSONValue.string(selector).text))?.checkVisibility()")
        let found = try await tell(
            .post,
            "/element",
            ["using": "css selector", "value": .string(selector)]
        )
        // The name that the standard gives to a reference.
        return try #require(found["element-6066-11e4-a52e-4f735466cecf"]?.string)
    }

    /// Clicks as a person does, in the middle of what is there to be seen.
    func click(_ selector: String) async throws {
        try await tell(.post, "/element/\(try await element(selector))/click", [:])
    }

    /// Types into a field, in place of what it has.
    func type(_ text: String, into selector: String) async throws {
        let element = try await element(selector)
        try await tell(.post, "/element/\(element)/clear", [:])
        try await tell(.post, "/element/\(element)/value", ["text": .string(text)])
    }

    /// A key of the keyboard that writes nothing.
    enum Key: String {
        case tab = "\u{E004}", enter = "\u{E007}", space = " ", left = "\u{E012}", right = "\u{E014}"
        case escape = "\u{E00C}", control = "\u{E009}"
    }

    /// Presses a key where the focus is, with another held down where one is named.
    func press(_ key: Key, with held: Key? = nil) async throws {
        var strokes: [JSONValue] = [
            ["type": "keyDown", "value": .string(key.rawValue)],
            ["type": "keyUp", "value": .string(key.rawValue)],
        ]
        if let held {
            strokes.insert(["type": "keyDown", "value": .string(held.rawValue)], at: 0)
            strokes.append(["type": "keyUp", "value": .string(held.rawValue)])
        }
        let keyboard: JSONValue = ["type": "key", "id": "keyboard", "actions": .array(strokes)]
        try await tell(.post, "/actions", ["actions": [keyboard]])
    }

    // MARK: Looks

    /// Makes the page so wide and high, in CSS pixels.
    func resize(_ width: Int, _ height: Int) async throws {
        try await devtools(
            "Emulation.setDeviceMetricsOverride",
            [
                "width": .integer(Int64(width)), "height": .integer(Int64(height)), "deviceScaleFactor": 1,
                "mobile": false,
            ]
        )
    }

    /// What the system prefers: `light` or `dark`.
    func prefer(_ scheme: String) async throws {
        let feature: JSONValue = ["name": "prefers-color-scheme", "value": .string(scheme)]
        try await devtools("Emulation.setEmulatedMedia", ["features": [feature]])
    }

    /// The page as it is seen, as a file in the build folder.
    func photograph(_ name: String) async throws {
        let picture = try #require(try await tell(.get, "/screenshot").string)
        let bytes = try #require(Base64.standard.decode(picture))
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        for folder in ["/.build", "/.build/screenshots"] { mkdir(root + folder, 0o755) }
        try Folder(path: "\(root)/.build/screenshots").write(bytes, to: "\(name).png")
    }

    /// What the browser wrote into its console since it was last asked, but for answers of 400 and more: a page cannot keep
    /// the browser from writing of those.
    func complaints() async throws -> [String] {
        let entries = try await tell(.post, "/se/log", ["type": "browser"]).array ?? []
        return entries.filter { $0["source"]?.string != "network" }.compactMap { $0["message"]?.string }
    }
}

extension JSONValue {
    /// As it stands in a script.
    fileprivate var text: String { String(decoding: serialized(), as: UTF8.self) }
}

/// Lends a browser, and sees to it that its processes end.
func withBrowser(_ body: (Browser) async throws -> Void) async throws {
    let (path, _) = (try Browser.program("chromedriver"), try Browser.program("chromium"))
    try await Folder.with { folder in
        // Its profile and its caches go with the folder.
        let homes = ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"]
        let driver = try Program(
            ["--port=0"],
            in: folder,
            environment: Dictionary(uniqueKeysWithValues: homes.map { ($0, folder.path) }),
            executable: path
        )
        defer { driver.send(SIGKILL) }
        try await withClient { client in
            let port = try await driver.wait(for: "the driver's port", within: .seconds(120)) {
                driver.output.firstMatch(of: /started successfully on port (\d+)/).map { String($0.output.1) }
            }
            let browser = try await Browser(Peer(address: "http://127.0.0.1:\(port)", client: client))
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(browser))
            } catch {
                result = .failure(error)
            }
            do {
                try await browser.close()
            } catch {
                Issue.record("the browser was not closed: \(error)")
            }
            if browser.process > 0, kill(browser.process, 0) == 0 { kill(browser.process, SIGKILL) }
            try result.get()
        }
        driver.send(SIGTERM)
        _ = await driver.end(within: .seconds(60))
    }
}
