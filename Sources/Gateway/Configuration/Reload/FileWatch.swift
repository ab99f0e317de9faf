/// Tells when the files behind a configuration were changed and have come to rest.
///
/// Pure: somebody looks at the files and says what they look like. A file that is being written looks otherwise at each
/// look; only what is the same at two looks in a row is worth reading.
package struct FileWatch: Sendable {
    /// What a file looks like from outside; any writing changes it.
    package struct Stamp: Sendable, Equatable {
        package var device: UInt64
        package var inode: UInt64
        package var size: Int64
        /// Nanoseconds since 1970, of the content's change and of the entry's.
        package var modified: Int64
        package var changed: Int64

        /// A file from what the system says of it.
        package init(device: UInt64, inode: UInt64, size: Int64, modified: Int64, changed: Int64) {
            self.device = device
            self.inode = inode
            self.size = size
            self.modified = modified
            self.changed = changed
        }
    }

    /// What files look like, by their paths; one that is not there has no stamp.
    package typealias Looks = [String: Stamp]

    private var read: Looks
    private var last: Looks?

    /// Watches files that looked like this when they were read.
    package init(_ looks: Looks) { read = looks }

    /// Whether what is there now is another thing than what was read, and is no longer being written.
    package mutating func isSettledChange(_ now: Looks) -> Bool {
        defer { last = now }
        return now != read && now == last
    }

    /// From now on this is what was read, whether it was of use or not.
    package mutating func wasRead(_ looks: Looks) {
        read = looks
        last = looks
    }
}
