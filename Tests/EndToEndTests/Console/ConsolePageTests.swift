import Crypto
import Glibc
import HTTP
import JSON
import Testing

/// The console in a real browser: what a person does there, with a mouse or without one.
///
/// One browser at a time: two on a small machine starve each other.
@Suite(.serialized) struct ConsolePageTests {
    private static let send = "#composer button.main"
    private static let player = ".sound .player"

    /// Hears what loops: keeps each source of a buffer that sounds, and the longest silence after its first sample.
    private static let ear = """
        window.heard = { sources: [], samples: 0, silence: 0, longest: 0, loudest: 0 };
        const connect = AudioNode.prototype.connect;
        AudioNode.prototype.connect = function (target, ...rest) {
          if (this instanceof AudioBufferSourceNode && target instanceof AudioDestinationNode) {
            heard.sources.push(this);
            const ear = target.context.createScriptProcessor(4096, 2, 2);
            ear.onaudioprocess = event => {
              for (const sample of event.inputBuffer.getChannelData(0)) {
                if (sample === 0) { if (heard.samples) heard.longest = Math.max(heard.longest, ++heard.silence); continue; }
                heard.silence = 0;
                heard.samples += 1;
                heard.loudest = Math.max(heard.loudest, Math.abs(sample));
              }
            };
            connect.call(this, ear);
            connect.call(ear, target);
          }
          return connect.call(this, target, ...rest);
        };
        """

    /// Watches what the policy refuses, from before the page's own script.
    private static let guardian = """
        window.violations = [];
        addEventListener("securitypolicyviolation", event => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
        """

    private func open(_ browser: Browser, _ gateway: Peer, _ page: String = "", _ more: String = "")
        async throws
    {
        let source = JSONValue.string(Self.guardian + more)
        try await browser.devtools("Page.addScriptToEvaluateOnNewDocument", ["source": source])
        try await browser.open("\(gateway.address)/\(page)")
    }

    private func expectNoComplaint(_ browser: Browser) async throws {
        let complaints = try await browser.complaints()
        #expect(complaints == [])
        #expect(try await browser.value("violations") == [])
    }

    private func withConsole(
        config: String? = nil,
        _ body: (Browser, Peer) async throws -> Void
    ) async throws {
        try await withGateway(config: config) { gateway, _ in
            try await withBrowser { browser in try await body(browser, gateway) }
        }
    }

    // MARK: Make and hear

    @Test func oneClickOnAFreshPageMakesARainThatLoops() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway)
            try await browser.wait(for: "document.querySelector('#verdict b')")
            let began = ContinuousClock.now
            try await browser.click(Self.send)
            try await browser.wait(for: "document.querySelector('.player[data-state=playing]')")
            try await browser.wait(for: "Number(document.querySelector('.player').dataset.position) > 0.5")
            #expect(ContinuousClock.now - began < .seconds(60), "from nothing to hearing in under a minute")
            #expect(try await browser.value("document.querySelector('.player').dataset.engine") == "buffer")
            let request = try await gateway.get("/v1/sounds").json["data"]?[0]?["request"]
            #expect(request?["loop"] == true, "\(String(describing: request))")
            try await expectNoComplaint(browser)
        }
    }

    @Test func aLoopGoesOverItsSeamWithoutASilence() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway, "", Self.ear)
            try await browser.type("2", into: "#duration")
            try await browser.click(Self.send)
            try await browser.wait(for: "Number(document.querySelector('.player')?.dataset.laps) >= 3")
            #expect(try await browser.value("heard.sources.length") == 1, "the same source all the time")
            #expect(try await browser.value("heard.sources[0].loop") == true)
            let samples = try await browser.value("heard.samples").double ?? 0
            #expect(samples > 44_100, "heard \(samples) samples")
            #expect(try await browser.value("heard.loudest > 0.01") == true)
            // Five milliseconds; an element that starts anew is silent for longer.
            let silence = try await browser.value("heard.longest").double ?? .infinity
            #expect(silence < 220, "silent for \(silence) samples")
            try await browser.click("\(Self.player) .play")
            try await browser.wait(for: "document.querySelector('.player').dataset.state === 'paused'")
        }
    }

    @Test func theAudioElementPlaysWhatDoesNotLoopAndTheLoopTakesOver() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway)
            try await browser.type("arcade coin pickup", into: "#prompt")
            try await browser.click("#loop")
            try await browser.click("#plays")
            try await browser.type("30", into: "#duration")
            try await browser.click(Self.send)
            try await browser.wait(for: "document.querySelector('.player[data-ready=true]')")
            #expect(try await browser.value("document.querySelector('audio').paused") == true)
            try await browser.click("\(Self.player) .play")
            try await browser.wait(for: "document.querySelector('audio').currentTime > 0.3")
            #expect(try await browser.value("document.querySelector('audio').paused") == false)
            #expect(try await browser.value("document.querySelector('.player').dataset.engine") == "element")

            try await browser.click("\(Self.player) .under [aria-pressed=false]")
            try await browser.wait(for: "document.querySelector('.player').dataset.engine === 'buffer'")
            #expect(try await browser.value("document.querySelector('audio').paused") == true)
            let position = try await browser.value(
                "Number(document.querySelector('.player').dataset.position)"
            )
            #expect(position.double ?? 0 > 0.3, "it goes on where the element was")
            try await expectNoComplaint(browser)
        }
    }

    @Test func timedLyricsFollowAndAClickOnALineGoesThere() async throws {
        try await withEmulatedVendors(["musicgpt"]) { gateway, _, _ in
            let request: JSONValue = [
                "prompt": "a song", "lyrics": "first line\nsecond line\nthird line", "provider": "musicgpt",
                "timed_lyrics": true,
            ]
            let task = try await gateway.sound(request)
            let lines = task["outputs"]?[0]?["timed_lyrics"]?.array ?? []
            try #require(lines.count >= 2, "\(task)")
            let id = try #require(task["id"]?.string)
            try await withBrowser { browser in
                try await open(browser, gateway, "#/tasks/\(id)")
                try await browser.wait(for: "document.querySelector('.player[data-ready=true]')")
                try await browser.click(".player .lyrics button:nth-child(2)")
                try await browser.wait(
                    for: "document.querySelector('.lyrics button:nth-child(2)').ariaCurrent === 'true'"
                )
                let position = try await browser.value(
                    "Number(document.querySelector('.player').dataset.position)"
                )
                let start = lines[1]["start"]?.double ?? .infinity
                #expect(position.double ?? 0 >= start - 0.1, "\(position) of \(start)")
                try await browser.wait(for: "!document.querySelector('audio').paused")
                try await expectNoComplaint(browser)
            }
        }
    }

    // MARK: Refusals

    @Test func whatIsWrongIsSaidAtItsFieldAndWhoCouldNotIsSaidWithTheReason() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway)
            try await browser.type("900", into: "#bpm")
            try await browser.click(Self.send)
            try await browser.wait(for: "document.querySelector('#bpm').ariaInvalid === 'true'")
            let words =
                try await browser.value("document.querySelector('#bpm-error').textContent").string ?? ""
            #expect(words.contains("bpm is 900"), "\(words)")
            #expect(try await browser.value("document.activeElement.id") == "bpm")
            #expect(try await gateway.get("/v1/sounds").json["data"] == [])

            try await browser.type("90", into: "#bpm")
            try await browser.wait(for: "document.querySelector('#verdict b')?.textContent === 'builtin'")
            try await browser.click("#composer details:first-of-type summary")
            try await browser.type("dub techno", into: "#style")
            try await browser.wait(for: "document.querySelector('#plan details[open] .reasons li')")
            let reason =
                try await browser.value("document.querySelector('.reasons').textContent").string ?? ""
            #expect(reason.contains("builtin/procedural can meet style only as hint"), "\(reason)")
            try await browser.click("#verdict button")
            try await browser.wait(for: "document.querySelector('#verdict b')?.textContent === 'builtin'")
            #expect(try await browser.value("document.querySelector('#lyrics').disabled") == true)
            let note = try await browser.value("document.querySelector('#lyrics-note').textContent")
            #expect(note == "No provider here can do this.")
            try await expectNoComplaint(browser)
        }
    }

    // MARK: Tasks

    @Test func aTaskIsCanceledWhereItIsFollowed() async throws {
        // Slower than anybody waits for it.
        try await withEmulatedVendors(["sunoapi"], speed: 0.2) { gateway, _, _ in
            try await withBrowser { browser in
                try await open(browser, gateway)
                try await browser.type("", into: "#duration")
                try await browser.wait(for: "document.querySelector('#provider option[value=sunoapi]')")
                try await browser.run(
                    "const s = document.querySelector('#provider'); s.value = 'sunoapi'; s.dispatchEvent(new Event('change', {bubbles: true}))"
                )
                try await browser.click(Self.send)
                try await browser.wait(for: "document.querySelector('.sound[data-status=running]')")
                try await browser.click(".sound .row:last-child button:first-child")
                try await browser.wait(for: "document.querySelector('.sound[data-status=canceled]')")
                let id = try #require(
                    try await browser.value("document.querySelector('.sound').dataset.task").string
                )
                #expect(try await gateway.get("/v1/sounds/\(id)").json["status"] == "canceled")
                try await expectNoComplaint(browser)
            }
        }
    }

    @Test func theListIsFilteredAndATaskIsRetriedAndDeleted() async throws {
        try await Sink.with { sink in
            try await sink.open()
            try await withConsole { browser, gateway in
                let request: JSONValue = [
                    "prompt": "bell", "duration": 1, "seed": 7, "webhook_url": .string(sink.url),
                ]
                let id = try #require(try await gateway.sound(request)["id"]?.string)
                try await open(browser, gateway, "#/tasks")
                try await browser.wait(for: "document.querySelectorAll('.task-row').length === 1")
                try await browser.run(
                    "const s = document.querySelector('#filter-status'); s.value = 'failed'; s.dispatchEvent(new Event('change'))"
                )
                try await browser.wait(
                    for: "document.querySelector('.notice')?.textContent === 'No task is like that.'"
                )
                try await browser.run(
                    "const s = document.querySelector('#filter-status'); s.value = ''; s.dispatchEvent(new Event('change'))"
                )
                try await browser.click(".task-row")
                try await browser.wait(
                    for:
                        "/Attempt 1 at builtin.procedural/.test(document.querySelector('.timeline')?.textContent)"
                )
                try await browser.wait(
                    for:
                        "/Webhook sound.succeeded.*delivered/s.test(document.querySelector('.timeline').textContent)"
                )
                try await browser.run(
                    "[...document.querySelectorAll('button')].find(b => b.textContent === 'Retry as a new task').click()"
                )
                try await browser.wait(for: "!location.hash.endsWith('\(id)')")
                let tasks = try await gateway.get("/v1/sounds").json["data"]?.array ?? []
                #expect(tasks.count == 2)
                #expect(tasks[0]["request"] == tasks[1]["request"])

                try await browser.wait(for: "document.querySelector('button.danger')?.checkVisibility()")
                try await browser.click("button.danger")
                try await browser.wait(for: "document.querySelector('dialog[open]')")
                #expect(
                    try await browser.value("document.activeElement.value") == "no",
                    "the harmless one first"
                )
                try await browser.click("dialog button[value=yes]")
                try await browser.wait(for: "location.hash === '#/tasks'")
                #expect(try await gateway.get("/v1/sounds").json["data"]?.array?.count == 1)
                try await expectNoComplaint(browser)
            }
        }
    }

    // MARK: Keys

    private static let key = "the-teams-key-3f9ab2"
    private static var clients: String {
        "clients:\n  - { name: team, key_sha256: \"\(SHA256.hash(key).hex)\" }\n"
    }

    @Test func aKeyIsAskedForKeptInTheTabAndForgottenAtSignOut() async throws {
        try await withConsole(config: Self.clients) { browser, gateway in
            try await open(browser, gateway)
            try await browser.type("wrong", into: "#client-key")
            try await browser.click("#sign-in button")
            try await browser.wait(for: "document.querySelector('#sign-in-reason').checkVisibility()")
            #expect(try await browser.value("sessionStorage.length") == 0)

            try await browser.type(Self.key, into: "#client-key")
            try await browser.click("#sign-in button")
            try await browser.click(Self.send)
            try await browser.wait(for: "document.querySelector('.player[data-state=playing]')")
            #expect(try await browser.value("sessionStorage['soundgate.key']") == .string(Self.key))
            #expect(try await browser.value("JSON.stringify({...localStorage})") == "{}")
            let curl =
                "[...document.querySelectorAll('.sound button')].find(b => /curl/.test(b.textContent)).click()"
            try await browser.run(
                "window.copied = ''; Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { copied = text; } } }); \(curl)"
            )
            try await browser.wait(for: "copied")
            let copied = try await browser.value("copied").string ?? ""
            #expect(copied.contains("Bearer $SOUNDGATE_KEY") && !copied.contains(Self.key), "\(copied)")

            try await browser.click("#sign-out")
            try await browser.wait(for: "document.querySelector('#sign-in')")
            #expect(try await browser.value("sessionStorage.length") == 0)
            #expect(try await browser.value("document.body.innerText.includes('soft rain')") == false)

            // A key that is no longer taken leads back, with the reason.
            try await browser.run("sessionStorage['soundgate.key'] = 'taken-away'; location.reload()")
            try await browser.wait(for: "document.querySelector('#sign-in-reason')?.textContent")
            #expect(try await browser.value("sessionStorage.length") == 0)
            try await expectNoComplaint(browser)
        }
    }

    @Test func whereNoKeyIsAskedForNoneIs() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway)
            try await browser.wait(for: "document.querySelector('#verdict b')")
            #expect(try await browser.value("document.querySelector('#sign-in')") == .null)
            #expect(try await browser.value("document.querySelector('#sign-out').checkVisibility()") == false)
        }
    }

    // MARK: Hostile words

    private static let hostile =
        #"<img src=x onerror="window.hit=1"><script>window.hit=2</script><svg onload=window.hit=3>"#

    @Test func wordsOfCallersAndVendorsAreShownAndNeverRun() async throws {
        try await withDoubles(speed: 50) { doubles, _ in
            // A vendor that titles its sounds so.
            try await Rewriter.with(to: doubles, title: Self.hostile) { vendor in
                let config = DoubledVendors().text(at: vendor)
                try await withGateway(config: config, environment: DoubledVendors.environment) { gateway, _ in
                    let task = try await gateway.sound([
                        "prompt": .string("bell \(Self.hostile)"), "provider": "sunoapi",
                        "metadata": ["note": .string(Self.hostile)],
                    ])
                    let title = task["outputs"]?[0]?["title"]?.string ?? ""
                    try #require(title.contains("<img"), "\(task)")
                    let id = try #require(task["id"]?.string)
                    try await withBrowser { browser in
                        for page in ["#/tasks", "#/tasks/\(id)"] {
                            try await open(browser, gateway, page)
                            try await browser.wait(
                                for: "document.querySelector('main').textContent.includes('<img src=x')"
                            )
                        }
                        try await browser.wait(for: "document.querySelector('.player[data-ready=true]')")
                        let label = try await browser.value("document.querySelector('.player').ariaLabel")
                        #expect(label.string?.contains("<img src=x onerror") == true, "\(label)")
                        let foreign = try await browser.value(
                            "document.querySelectorAll('img, main script, iframe').length"
                        )
                        #expect(foreign == 0)
                        #expect(try await browser.value("window.hit === undefined") == true)
                        try await expectNoComplaint(browser)
                        // The policy would hold even where the page did not.
                        let refused = try await browser.run(
                            "try { document.body.innerHTML = '<b>x</b>'; return 'taken'; } catch (error) { return error.name; }"
                        )
                        #expect(refused == "TypeError")
                    }
                }
            }
        }
    }

    // MARK: Without a mouse

    @Test func theKeyboardAloneMakesASoundAndPlaysIt() async throws {
        try await withConsole { browser, gateway in
            try await open(browser, gateway)
            try await browser.wait(for: "document.querySelector('#verdict b')")
            func tab(to selector: String) async throws {
                for _ in 0..<60 {
                    try await browser.press(.tab)
                    let isThere = try await browser.value(
                        "document.activeElement.matches(\"\(selector)\")"
                    )
                    guard isThere == true else { continue }
                    let outline = try await browser.value(
                        "(e => getComputedStyle(e).outlineStyle !== 'none' || e.closest('label')?.matches(':has(:focus-visible)'))(document.activeElement)"
                    )
                    #expect(outline == true, "\(selector) shows that it has the focus")
                    return
                }
                Issue.record("Tab does not lead to \(selector)")
            }
            try await tab(to: "#skip")
            try await browser.press(.enter)
            #expect(try await browser.value("document.activeElement.id") == "main")
            try await tab(to: "#prompt")
            try await tab(to: "#loop")
            try await tab(to: "#plays")
            try await browser.press(.space)
            try await browser.run("document.querySelector('#prompt').focus()")
            try await browser.press(.enter, with: .control)
            try await browser.wait(for: "document.querySelector('.player[data-ready=true]')")
            try await tab(to: ".play")
            try await browser.press(.space)
            try await browser.wait(for: "document.querySelector('.player').dataset.state === 'playing'")
            try await browser.press(.space)
            try await browser.wait(for: "document.querySelector('.player').dataset.state === 'paused'")
            let position = "Number(document.querySelector('.player').dataset.position)"
            let before = try await browser.value(position).double ?? 0
            try await tab(to: ".wave input")
            for _ in 0..<3 { try await browser.press(.right) }
            let after = try await browser.value(position).double ?? 0
            #expect(abs(after - before - 3) < 0.01, "an arrow is a second: \(before), \(after)")
            let words = try await browser.value("document.activeElement.ariaValueText").string ?? ""
            #expect(words.hasSuffix(" of 0:12"), "\(words)")
            try await browser.run("document.querySelector('#pages a:nth-child(2)').focus()")
            try await browser.press(.enter)
            try await browser.wait(for: "document.querySelector('.task-row')")
            #expect(
                try await browser.value("document.activeElement.tagName") == "H1",
                "focus goes to the page"
            )
            try await expectNoComplaint(browser)
        }
    }
}
