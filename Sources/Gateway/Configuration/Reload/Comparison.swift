/// How two values of a kind are held against each other, and which parts of a new one a running gateway cannot take up.
struct Comparison<Value> {
    /// What differs from the first to the second, each thing by its path.
    let changes: (_ old: Value, _ new: Value, _ path: String) -> [ConfigurationChange]
    /// Puts what needs a restart back to what it was.
    let keep: (_ old: Value, _ new: inout Value) -> Void

    init(
        changes: @escaping (Value, Value, String) -> [ConfigurationChange],
        keep: @escaping (Value, inout Value) -> Void = { _, _ in }
    ) {
        self.changes = changes
        self.keep = keep
    }
}

extension Comparison where Value: Equatable {
    /// A value that is the same or another one, as a whole.
    static var whole: Comparison {
        Comparison { old, new, path in old == new ? [] : [ConfigurationChange(path, .changed)] }
    }
}

extension Comparison {
    /// A map with fixed keys, each held against its like.
    static func section(_ section: @escaping (Value) -> Section<Value>) -> Comparison {
        Comparison(
            changes: { old, new, path in
                section(new).fields.flatMap { field in
                    field.changes(old, new, path.isEmpty ? field.key : "\(path).\(field.key)")
                }
            },
            keep: { old, new in
                for field in section(new).fields { field.keep(old, &new) }
            }
        )
    }

    /// Elements with names of their own: what is there in one list alone has come or gone, the rest is held against its
    /// like.
    static func named<Element>(
        _ name: @escaping (Element) -> String,
        path there: @escaping (_ path: String, _ name: String) -> String,
        _ element: Comparison<Element>
    ) -> Comparison where Value == [Element] {
        Comparison(
            changes: { old, new, path in
                let (before, after) = (old.map(name), new.map(name))
                var changes: [ConfigurationChange] = []
                for (index, key) in after.enumerated() {
                    let here = there(path, key)
                    if let known = before.firstIndex(of: key) {
                        changes += element.changes(old[known], new[index], here)
                    } else {
                        changes.append(ConfigurationChange(here, .added))
                    }
                }
                for key in before where !after.contains(key) {
                    changes.append(ConfigurationChange(there(path, key), .removed))
                }
                if before.filter(after.contains) != after.filter(before.contains) {
                    changes.append(ConfigurationChange("\(path) (order)", .changed))
                }
                return changes
            },
            keep: { old, new in
                for index in new.indices {
                    let key = name(new[index])
                    if let known = old.first(where: { name($0) == key }) { element.keep(known, &new[index]) }
                }
            }
        )
    }

    /// A value that may be left out.
    ///
    /// `comesLive` says whether a running gateway can take it up, and let go of it.
    static func optional<Wrapped>(_ wrapped: Comparison<Wrapped>, comesLive: Bool = true) -> Comparison
    where Value == Wrapped? {
        Comparison(
            changes: { old, new, path in
                switch (old, new) {
                case (nil, nil): []
                case (nil, _): [ConfigurationChange(path, .added, needsRestart: !comesLive)]
                case (_, nil): [ConfigurationChange(path, .removed, needsRestart: !comesLive)]
                case (let old?, let new?): wrapped.changes(old, new, path)
                }
            },
            keep: { old, new in
                if !comesLive, (old == nil) != (new == nil) { new = old }
                guard let before = old, var after = new else { return }
                wrapped.keep(before, &after)
                new = after
            }
        )
    }
}
