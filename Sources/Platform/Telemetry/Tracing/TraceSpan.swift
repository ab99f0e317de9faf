import Threads

/// A span: a piece of work that is under way and will be told to a collector.
///
/// There is one only where its trace is recorded: everything is said through `span?`, and nothing is computed for what
/// nobody will see. One that is never ended is never told.
package final class TraceSpan: Sendable {
    /// Attributes beyond this many are not kept.
    private static let mostAttributes = 32
    private static let mostLinks = 4
    /// Longer texts are cut: a caller chooses some of them, and they wait in memory.
    private static let longestText = 512

    /// Its place in the trace; what is its child, or is called by it, goes by this.
    package let context: TraceContext
    private let began: UInt64
    private let tracer: Tracer
    private let record: Guarded<SpanRecord?>

    init(_ record: SpanRecord, of tracer: Tracer) {
        context = record.context
        began = tracer.clock.ticks()
        self.tracer = tracer
        self.record = Guarded(record)
    }

    /// An attribute: never a prompt, never a key; setting `nil` leaves it as it is.
    package subscript(name: String) -> SpanValue? {
        get { record.withLock { $0?[name] } }
        set {
            guard let newValue else { return }
            let attribute = SpanRecord.Attribute(name: name, value: Self.cut(newValue))
            change { record in
                if let index = record.attributes.firstIndex(where: { $0.name == name }) {
                    record.attributes[index] = attribute
                } else if record.attributes.count < Self.mostAttributes {
                    record.attributes.append(attribute)
                }
            }
        }
    }

    /// Names it when it is known better what it was.
    package func rename(_ name: String) { change { $0.name = name } }

    /// Notes that another span has to do with it.
    package func link(to other: TraceContext) {
        change { if $0.links.count < Self.mostLinks { $0.links.append(other) } }
    }

    /// Notes that it came to nothing; `type` is a word, not a sentence.
    package func fail(_ type: String) {
        self["error.type"] = .string(type)
        change { $0.hasFailed = true }
    }

    /// Ends it, once.
    package func end() {
        let spent = tracer.clock.ticks() &- began
        let ended = record.withLock { record -> SpanRecord? in
            defer { record = nil }
            return record
        }
        guard var ended else { return }
        ended.end = max(ended.end, ended.start) &+ spent
        tracer.spans.append(ended)
    }

    private func change(_ body: (inout SpanRecord) -> Void) {
        record.withLock { record in
            guard var changed = record else { return }
            // Taken out meanwhile: otherwise its arrays would be copied.
            record = nil
            body(&changed)
            record = changed
        }
    }

    private static func cut(_ value: SpanValue) -> SpanValue {
        guard case .string(let text) = value, text.utf8.count > longestText else { return value }
        return .string(String(text.prefix(longestText)))
    }
}
