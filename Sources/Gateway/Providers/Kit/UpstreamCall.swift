package import HTTP
package import JSON

/// A call to a vendor, without its credential: what a translator makes and a plan shows.
package struct UpstreamCall: Sendable, Equatable {
    /// What travels in the body, and in which form.
    package enum Body: Sendable, Equatable {
        case none
        case json(JSONObject)
        /// `application/x-www-form-urlencoded`.
        case form([FormField])
    }

    /// One pair of a form.
    package struct FormField: Sendable, Equatable {
        package let name: String
        package let value: String

        /// A pair of a form.
        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var method: HTTP.Method
    /// What stands behind the provider's base URL, with its query: `/api/v1/generate/sounds`.
    package var path: String
    package var fields: Fields
    package var body: Body

    /// A call of a method, a path and a body.
    package init(_ method: HTTP.Method, _ path: String, fields: Fields = Fields(), body: Body = .none) {
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body
    }

    /// The body's media type, `nil` without a body.
    package var contentType: String? {
        switch body {
        case .none: nil
        case .json: "application/json"
        case .form: "application/x-www-form-urlencoded"
        }
    }

    /// The body as it goes over the wire, `nil` without a body.
    package var encodedBody: [UInt8]? {
        switch body {
        case .none: nil
        case .json(let object): JSONValue.object(object).serialized()
        case .form(let pairs): Array(FormEncoding.encode(pairs.map { ($0.name, $0.value) }).utf8)
        }
    }

    /// The body as an object to look at, `null` without a body.
    package var displayedBody: JSONValue {
        switch body {
        case .none: .null
        case .json(let object): .object(object)
        case .form(let pairs):
            .object(pairs.reduce(into: [:]) { object, pair in object[pair.name] = .string(pair.value) })
        }
    }
}

/// A vendor's complete answer.
package struct UpstreamReply: Sendable {
    package let status: Int
    package let fields: Fields
    package let body: [UInt8]

    /// An answer as it was read.
    package init(status: Int, fields: Fields = Fields(), body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// The body as a JSON object, `nil` for anything else (an HTML page of a gateway, half a document).
    package var json: JSONObject? {
        (try? JSONValue(parsing: body, maximumValues: Self.mostValues))?.object
    }

    /// The most values that a vendor's JSON may have; words with times are what makes the longest.
    package static let mostValues = 200_000

    /// How long to wait before the next call, as the answer has it; a day at most.
    ///
    /// `retry-after-ms` (a custom of SDKs, in milliseconds) is the finer one; `Retry-After` is a number of seconds or a
    /// date, which is held against the answer's own `Date`: clocks here and there may differ.
    package var retryAfter: Duration? {
        let day = 86_400 as Int64
        if let text = fields["retry-after-ms"], let span = Int64(text), span >= 0 {
            return .milliseconds(min(span, day * 1000))
        }
        guard let text = fields["retry-after"] else { return nil }
        if let span = Int64(text) { return span >= 0 ? .seconds(min(span, day)) : nil }
        guard let date = HTTPDate(parsing: text), let now = fields["date"].flatMap(HTTPDate.init(parsing:))
        else { return nil }
        return .seconds(min(max(date.secondsSinceEpoch - now.secondsSinceEpoch, 0), day))
    }
}
