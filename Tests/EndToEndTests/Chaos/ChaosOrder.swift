import JSON
import Support

/// A sound that is asked for, with a mark in its prompt by which it is known at every vendor.
struct ChaosOrder: Sendable {
    /// What becomes of the task besides.
    enum Whim: Sendable {
        case none
        /// Whoever asked soon thinks better of it.
        case cancel
        /// The create is sent once more under its key, although it was answered.
        case repeated
    }

    let number: Int
    let request: JSONObject
    /// Its `Idempotency-Key`; without one a create whose answer was lost is not repeated.
    let key: String?
    /// How long the create waits for the sound's end, in seconds.
    let wait: Int?
    let whim: Whim
    /// Whether an address is told of its events.
    let isTold: Bool
    /// How many calls at vendors it takes when nothing fails.
    let calls: Int

    var mark: String { Self.mark(number) }

    /// `chaos-000042`: short, and no part of another.
    static func mark(_ number: Int) -> String {
        let digits = String(number)
        return "chaos-" + String(repeating: "0", count: max(6 - digits.count, 0)) + digits
    }

    /// The mark in a text, such as the body of a call; `nil` for one without.
    static func mark(in text: String) -> String? {
        text.firstMatch(of: /chaos-[0-9]{6}/).map { String($0.output) }
    }

    /// The order of that number, the same for the same seed.
    init(_ number: Int, _ scale: ChaosScale) {
        var chance = SeededGenerator(seed: scale.seed, stream: number)
        self.number = number
        let shape = Shape.all[number % Shape.all.count]
        var request = shape.request
        request["prompt"] = .string("click, 1 second long, \(Self.mark(number))")
        request["deadline"] = JSONValue(scale.deadline)
        // Half of what the synthesizer makes sounds the same, and so has one file for many tasks.
        if shape.request["provider"] == "builtin", chance.shows(0.5) { request["seed"] = 7 }
        self.request = request
        calls = shape.calls
        key = chance.shows(0.7) ? "key-\(scale.seed)-\(number)" : nil
        wait = chance.shows(0.05) ? 1 : nil
        isTold = chance.shows(0.4)
        let whim = Double.random(in: 0..<1, using: &chance)
        self.whim = whim < 0.05 ? .cancel : whim < 0.15 && key != nil ? .repeated : .none
    }

    /// Who is asked for what.
    private struct Shape {
        let request: JSONObject
        var calls = 1

        /// Every operation of every vendor, some with others to go on to.
        ///
        /// Short ones, and little music: making the audio is the doubles' work, and would slow everything else.
        static let all = [
            Shape(request: ["provider": ["musicgpt", "videogen", "sunoapi"], "duration": 1]),
            Shape(request: ["provider": ["sunoapi", "kie", "apibox"]]),
            Shape(request: ["provider": ["videogen", "elevenlabs"], "duration": 1]),
            Shape(request: ["provider": "builtin", "duration": 0.5]),
            Shape(request: ["provider": ["kie", "sunoapi"]]),
            Shape(request: ["provider": ["elevenlabs", "videogen"], "duration": 1]),
            Shape(request: ["provider": ["apibox", "sunoapi"]]),
            Shape(request: ["provider": "builtin", "duration": 0.5, "variations": 2]),
            Shape(request: ["provider": "elevenlabs", "duration": 0.5, "variations": 2], calls: 2),
            Shape(request: ["provider": ["musicgpt", "sunoapi"], "duration": 1]),
            Shape(request: ["provider": "videogen", "duration": 1, "variations": 2]),
            Shape(request: ["provider": ["kie", "apibox"]]),
            Shape(request: ["provider": ["musicgpt", "elevenlabs"], "type": "music", "duration": 3]),
            Shape(request: ["provider": ["sunoapi", "apibox"]]),
            Shape(request: ["provider": ["videogen", "musicgpt"], "duration": 1]),
            Shape(request: ["provider": ["elevenlabs", "musicgpt"], "type": "music", "duration": 3]),
        ]
    }
}
