package import JSON
package import Sound

/// A request as one call of an operation is going to get it: the route's model and prompt, and the caller's other wishes.
package struct Order: Sendable, Equatable {
    package var request: SoundRequest
    package var prompt: String
    package var model: String?
    /// How each demand is met; a demand met otherwise than natively must not be sent as a parameter.
    package var fulfilment: [RequestField: Grade]
    /// The caller's options for this provider.
    package var options: JSONObject
    /// How many takes this call is to bring; `nil` leaves the number to the provider.
    package var takes: Int?
    /// Where the vendor may tell of the job; `nil` when nobody outside can reach this gateway.
    package var callbackURL: String?

    /// An order of a request along a route, for so many of its takes.
    package init(_ request: SoundRequest, route: Route, takes: Int?, callbackURL: String? = nil) {
        self.request = request
        self.prompt = route.prompt
        self.model = route.model
        self.fulfilment = route.fulfilment
        self.options = request.providerOptions[route.name.provider]?.object ?? [:]
        self.takes = takes
        self.callbackURL = callbackURL
    }

    /// True when the provider's own parameter is to be used for the field.
    package func isNative(_ field: RequestField) -> Bool { fulfilment[field] == .native }
}
