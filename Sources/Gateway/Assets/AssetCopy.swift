import Glibc
import Sound
package import Threads

/// Copies the audio of a folder to a shelf, and can be begun again wherever it was cut off.
///
/// What is there already, as long as it should be and under the same hash, is left alone. Nothing is removed, neither
/// here nor there.
package struct AssetCopy: Sendable {
    /// What has become of the files so far.
    package struct Tally: Sendable, Equatable {
        /// Files in the folder.
        package var found = 0
        package var bytes: Int64 = 0
        /// Brought by this run, and how many bytes of them.
        package var copied = 0
        package var copiedBytes: Int64 = 0
        /// On the shelf before this run.
        package var there = 0
        /// Of the folder's files, those that the shelf has in the end as they should be.
        package var verified = 0
        /// What is wrong with the others, by file.
        package var problems: [Problem] = []

        /// Nothing yet.
        package init() {}

        /// Whether the shelf has everything.
        package var isWhole: Bool { problems.isEmpty && verified == found }
    }

    /// A file that is not on the shelf as it should be, and why.
    package struct Problem: Sendable, Equatable {
        package let path: String
        package let reason: String
    }

    private let folder: AssetFolder
    private let shelf: any AssetShelf
    private let pool: WorkerPool
    private let isDeep: Bool
    private let atOnce: Int

    /// A copy that has not begun.
    ///
    /// A deep one reads everything back from the shelf in the end and hashes it; `atOnce` files are on their way at the
    /// same time.
    package init(
        from folder: AssetFolder,
        to shelf: any AssetShelf,
        pool: WorkerPool,
        isDeep: Bool = false,
        atOnce: Int = 8
    ) {
        self.folder = folder
        self.shelf = shelf
        self.pool = pool
        self.isDeep = isDeep
        self.atOnce = atOnce
    }

    /// Copies everything, then looks whether everything is there.
    ///
    /// `progress` is told of the state after each of 256 parts. Throws when the folder or the shelf cannot be listed; a
    /// single file that fails is a problem of the tally.
    package func run(progress: @Sendable (Tally) -> Void = { _ in }) async throws -> Tally {
        var tally = Tally()
        for byte in UInt8.min...UInt8.max {
            try Task.checkCancellation()
            let folder = folder
            let files = try await pool.run { try folder.files(under: byte) }
            tally.found += files.count
            tally.bytes += files.reduce(0) { $0 + $1.bytes }
            if !files.isEmpty { try await copy(files, under: byte, into: &tally) }
            progress(tally)
        }
        return tally
    }

    private func copy(_ files: [AssetFolder.File], under byte: UInt8, into tally: inout Tally) async throws {
        let before = try await sizes(under: byte)
        let outcomes = try await each(files) { file in
            await bring(file, isListed: before[Self.name(file)] == file.bytes)
        }
        for (file, outcome) in outcomes {
            switch outcome {
            case .copied:
                tally.copied += 1
                tally.copiedBytes += file.bytes
            case .there: tally.there += 1
            case .failed(let reason): tally.problems.append(Problem(path: file.path, reason: reason))
            }
        }
        // What the shelf itself says afterwards, not what we think that we have done.
        let after = try await sizes(under: byte)
        let good = outcomes.filter { if case .failed = $0.1 { false } else { true } }.map(\.0)
        let checked = try await each(good) { file in await problem(with: file, length: after[Self.name(file)])
        }
        for (file, reason) in checked {
            if let reason {
                tally.problems.append(Problem(path: file.path, reason: reason))
            } else {
                tally.verified += 1
            }
        }
    }

    private enum Outcome: Sendable { case copied, there, failed(String) }

    private func bring(_ file: AssetFolder.File, isListed: Bool) async -> Outcome {
        do throws(ShelfError) {
            if isListed, try await shelf.holds(file.asset) { return .there }
            try await shelf.put(file.asset, from: file.path)
            return .copied
        } catch {
            return .failed("\(error)")
        }
    }

    /// What is wrong with a file on the shelf; `nil` for nothing.
    private func problem(with file: AssetFolder.File, length: Int64?) async -> String? {
        guard let length else { return "it is not on the shelf" }
        guard length == file.bytes else {
            return "it has \(length) bytes on the shelf instead of \(file.bytes)"
        }
        guard isDeep else { return nil }
        do throws(ShelfError) {
            let reading = try await ShelfReading(shelf, file.asset, 0..<file.bytes)
            try await reading.write { _ in }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// How long everything is that the shelf has under a byte, by its name.
    private func sizes(under byte: UInt8) async throws(ShelfError) -> [String: Int64] {
        var sizes: [String: Int64] = [:]
        var next: String?
        repeat {
            let page = try await shelf.page(under: byte, after: next)
            for file in page.files { sizes[Self.name(file)] = file.bytes }
            next = page.next
        } while next != nil
        return sizes
    }

    /// Runs the body for every file, some at the same time; in the order of the files.
    private func each<Result: Sendable>(
        _ files: [AssetFolder.File],
        _ body: @escaping @Sendable (AssetFolder.File) async -> Result
    ) async throws -> [(AssetFolder.File, Result)] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results: [Result?] = Array(repeating: nil, count: files.count)
            for (index, file) in files.enumerated() {
                if index >= atOnce, let (number, result) = try await group.next() { results[number] = result }
                try Task.checkCancellation()
                group.addTask { (index, await body(file)) }
            }
            for try await (number, result) in group { results[number] = result }
            return zip(files, results).compactMap { file, result in result.map { (file, $0) } }
        }
    }

    private static func name(_ file: AssetFolder.File) -> String { "\(file.sha256).\(file.format.rawValue)" }
}
