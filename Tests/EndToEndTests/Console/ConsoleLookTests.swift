import Crypto
import JSON
import Testing

/// How the console looks: every page in light and dark, wide and narrow, as pictures in `.build/screenshots`.
@Suite(.serialized) struct ConsoleLookTests {
    /// A page, and what is there once it is.
    private static let pages = [
        ("playground", ".player[data-ready=true]"), ("tasks", ".task-row"),
        ("task", ".player[data-ready=true]"),
        ("providers", ".provider"), ("usage", ".plot svg"),
    ]
    private static let sizes = [("wide", 1280, 860), ("narrow", 360, 740)]

    /// Texts whose contrast with what is behind them is below 4.5 to 1 (WCAG 2.2, AA).
    private static let faintTexts = """
        const parts = colour => {
          const numbers = colour.match(/[\\d.]+/g).map(Number), scale = colour.startsWith("color(srgb") ? 255 : 1;
          return [numbers[0] * scale, numbers[1] * scale, numbers[2] * scale, numbers[3] ?? 1];
        };
        const light = ([r, g, b]) => [r, g, b].map(part => part / 255)
          .map(part => part < .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
          .reduce((sum, part, place) => sum + part * [.2126, .7152, .0722][place], 0);
        const over = (front, back) => [0, 1, 2].map(part => front[part] * front[3] + back[part] * (1 - front[3])).concat(1);
        const ground = element => {
          const layers = [];
          for (let one = element; one; one = one.parentElement) layers.push(parts(getComputedStyle(one).backgroundColor));
          return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 1]);
        };
        return [...document.querySelectorAll("body *")].filter(element => element.checkVisibility()
          && !element.closest("[disabled], .unseen, .skip, svg, label:has([disabled])")
          && [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())).map(element => {
            const back = ground(element), ratio = [light(over(parts(getComputedStyle(element).color), back)), light(back)].sort();
            return [element.textContent.slice(0, 40), (ratio[1] + .05) / (ratio[0] + .05)];
          }).filter(([, ratio]) => ratio < 4.5).map(([text, ratio]) => `${text}: ${ratio.toFixed(2)}`);
        """

    /// What has no name for those who do not see it.
    private static let nameless = """
        return [...document.querySelectorAll("button, input, select, textarea, a[href]")].filter(element => element.checkVisibility()
          && !(element.ariaLabel || element.labels?.length || element.textContent.trim())).map(element => element.outerHTML.slice(0, 80));
        """

    @Test func everyPageFitsIsReadableAndHasItsPicture() async throws {
        try await withEveryVendor { gateway, _, _ in
            let song: JSONValue = [
                "prompt": "a song of the harbour", "provider": "musicgpt", "timed_lyrics": true,
                "lyrics": "Rain on the harbour\nLamps on the water\nNobody sleeps here\nNobody has to",
            ]
            let wishes: [JSONValue] = [
                ["prompt": "heavy wooden door slam in a hall"],
                ["prompt": "dub techno stab", "loop": true, "bpm": 120],
                ["prompt": "rain on a tin roof", "duration": 20, "prompt_influence": 0.8], song,
            ]
            var last = ""
            for wish in wishes { last = try #require(try await gateway.sound(wish)["id"]?.string) }
            try await withBrowser { browser in
                try await browser.open("\(gateway.address)/")
                try await browser.click("#plays")
                try await browser.click("#composer button.main")
                for (size, width, height) in Self.sizes {
                    try await browser.resize(width, height)
                    for scheme in ["light", "dark"] {
                        try await browser.prefer(scheme)
                        for (page, sign) in Self.pages {
                            let hash = page == "task" ? "tasks/\(last)" : page
                            try await browser.run("location.hash = '#/\(hash)'")
                            try await browser.wait(for: "document.querySelector('\(sign)')")
                            let name = "\(page)-\(scheme)-\(size)"
                            let overflow = try await browser.value(
                                "document.documentElement.scrollWidth - innerWidth"
                            )
                            #expect(overflow.integer ?? 1 <= 0, "\(name) is wider than the page")
                            let faint = try await browser.run(Self.faintTexts)
                            #expect(faint == [], "\(name): \(faint)")
                            let nameless = try await browser.run(Self.nameless)
                            #expect(nameless == [], "\(name): \(nameless)")
                            try await browser.photograph(name)
                        }
                    }
                }
                #expect(try await browser.complaints() == [])
            }
        }
    }

    @Test func thePlaygroundIsPicturedWithALoopAndTheDoorWithoutAKey() async throws {
        try await withGateway { gateway, _ in
            try await withBrowser { browser in
                try await browser.resize(1280, 860)
                for scheme in ["light", "dark"] {
                    try await browser.prefer(scheme)
                    try await browser.open("\(gateway.address)/")
                    try await browser.click("#composer button.main")
                    try await browser.wait(
                        for: "Number(document.querySelector('.player')?.dataset.position) > 2"
                    )
                    try await browser.photograph("rain-\(scheme)-wide")
                }
            }
        }
        let clients = "clients:\n  - { name: team, key_sha256: \"\(SHA256.hash("a key").hex)\" }\n"
        try await withGateway(config: clients) { gateway, _ in
            try await withBrowser { browser in
                try await browser.resize(1280, 860)
                try await browser.open("\(gateway.address)/")
                try await browser.wait(for: "document.querySelector('#sign-in')")
                #expect(try await browser.run(Self.faintTexts) == [])
                try await browser.photograph("sign-in-light-wide")
            }
        }
    }

    @Test func theColoursAreTheSystemsUntilAPersonChooses() async throws {
        try await withGateway { gateway, _ in
            try await withBrowser { browser in
                try await browser.prefer("light")
                try await browser.open("\(gateway.address)/")
                let ground = "getComputedStyle(document.body).backgroundColor"
                let light = try await browser.value(ground)
                try await browser.prefer("dark")
                let dark = try await browser.value(ground)
                #expect(light != dark)
                try await browser.click("#theme")
                #expect(try await browser.value(ground) == light, "light, by choice")
                try await browser.open("\(gateway.address)/")
                try await browser.wait(for: "document.documentElement.dataset.theme === 'light'")
                try await browser.click("#theme")
                #expect(try await browser.value(ground) == dark)
            }
        }
    }
}
