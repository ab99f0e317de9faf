/// A value that belongs to one loop's thread.
///
/// The compiler cannot see this ownership, so the type vouches for it: every path to `value` in this module goes
/// through the loop's own thread, or runs before the loop starts.
struct LoopBound<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
}
