package import JSON
package import Sound

/// One thing that a provider can be asked for: `sunoapi/sounds`.
///
/// Capabilities are data; translators are pure. Nothing here does I/O or reads a clock.
package struct Operation: Sendable {
    /// How the audio comes back.
    package enum Delivery: Sendable {
        /// A job that is created, then asked for until its result has a URL.
        case polled(any JobTranslating)
        /// One long call that is answered with the audio itself.
        case streamed(any AudioTranslating)
        /// Made in this process; making it twice costs nothing and gives the same.
        case rendered(any SoundRendering)
    }

    /// The part after the provider's name.
    package let name: String
    package let capabilities: Capabilities
    package let delivery: Delivery
    /// What one call for a request costs, where that can be told beforehand.
    package let estimate: @Sendable (SoundRequest) -> Cost.Amount?

    /// An operation from its parts.
    package init(
        name: String,
        capabilities: Capabilities,
        delivery: Delivery,
        estimate: @escaping @Sendable (SoundRequest) -> Cost.Amount? = { _ in nil }
    ) {
        self.name = name
        self.capabilities = capabilities
        self.delivery = delivery
        self.estimate = estimate
    }

    /// True when a job whose create was not answered may still be told of.
    package var isHeardOfLater: Bool {
        switch delivery {
        case .polled: true
        case .streamed, .rendered: false
        }
    }

    /// True when running it a second time has no effect outside this process.
    package var isRepeatable: Bool {
        switch delivery {
        case .polled, .streamed: false
        case .rendered: true
        }
    }
}

extension Operation {
    /// What is wrong with the caller's options for this provider; what renders here has none to take.
    package func problems(in options: JSONObject) -> [Problem] {
        switch delivery {
        case .polled(let translator): translator.problems(in: options)
        case .streamed(let translator): translator.problems(in: options)
        case .rendered: unknownOptions(options)
        }
    }

    /// The call that an order becomes; `nil` when none is needed.
    package func call(for order: Order) -> UpstreamCall? {
        switch delivery {
        case .polled(let translator): translator.submit(order)
        case .streamed(let translator): translator.submit(order)
        case .rendered: nil
        }
    }
}

/// A problem for each option, for providers that have none.
func unknownOptions(_ options: JSONObject) -> [Problem] {
    options.keys.map { Problem($0, .unknownField, "this provider has no option \"\($0)\"") }
}
