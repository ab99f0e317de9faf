/// Evaluates conditional requests in the order of RFC 9110 section 13.2.2.
package enum Preconditions {
    package enum Outcome: Sendable, Equatable {
        /// Do what was asked.
        case proceed
        /// Answer 304 to `GET` and `HEAD`.
        case notModified
        /// Answer 412.
        case failed
    }

    /// What the request's conditions say about a representation that exists with these validators.
    ///
    /// A malformed `If-Match` fails and a malformed `If-None-Match` proceeds: both err on the safe side. Dates are read
    /// only where no tag condition is given.
    package static func evaluate(
        method: Method,
        fields: Fields,
        entityTag: EntityTag?,
        lastModified: HTTPDate? = nil
    ) -> Outcome {
        if let condition = fields["If-Match"] {
            guard condition == "*" || matches(condition, entityTag, strongly: true) else { return .failed }
        } else if let date = fields["If-Unmodified-Since"].flatMap({ HTTPDate(parsing: $0) }),
            let lastModified,
            lastModified > date
        {
            return .failed
        }
        let reads = method == .get || method == .head
        if let condition = fields["If-None-Match"] {
            guard condition == "*" || matches(condition, entityTag, strongly: false) else { return .proceed }
            return reads ? .notModified : .failed
        }
        if reads, let date = fields["If-Modified-Since"].flatMap({ HTTPDate(parsing: $0) }), let lastModified,
            lastModified <= date
        {
            return .notModified
        }
        return .proceed
    }

    private static func matches(_ list: String, _ current: EntityTag?, strongly: Bool) -> Bool {
        guard let current, let tags = EntityTag.list(list) else { return false }
        return tags.contains { strongly ? $0.matchesStrongly(current) : $0.matchesWeakly(current) }
    }
}
