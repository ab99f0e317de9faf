import Glibc
package import Sound
package import Threads

/// What is done otherwise when audio stays on a shelf, and is nothing or little when it stays in the folder.
extension AssetStore {
    /// Where audio stays for good; `nil` for the folder.
    package var shelf: (any AssetShelf)? { keeper?.shelf }

    /// Brings an asset that `keep` returned to where it stays; only then may the ledger refer to it.
    ///
    /// Tries until it is there or the task is cancelled.
    ///
    /// - Throws: `.shelf`; the asset is not pinned any more then, and its file is gone.
    package func settle(_ asset: AssetRecord) async throws(AssetError) {
        guard let keeper else { return }
        do throws(ShelfError) {
            try await keeper.bring(asset, from: path(of: asset))
        } catch {
            pins.withLock { $0.unpin(asset.sha256) }
            dropFile(of: asset)
            throw .shelf(error)
        }
    }

    /// Removes an asset from where it stays, unless another task has taken up the same content since `mark`: here, or as
    /// far as the ledger knows with another gateway.
    package func remove(_ asset: AssetRecord, unlessTouchedSince mark: UInt64, on pool: WorkerPool)
        async throws(AssetError)
    {
        guard let keeper else {
            do {
                return try await pool.run { try remove(asset, unlessTouchedSince: mark) }
            } catch let error as SystemError {
                throw .storage(error)
            } catch {
                throw .storage(SystemError("unlink", subject: path(of: asset), code: EIO))
            }
        }
        guard keeper.shelf.isCleared else { return }
        let path = path(of: asset)
        let isTouched = pins.withLock { pins in
            if pins.isTouched(asset.sha256, since: mark) { return true }
            // With it goes the wish to see it on the shelf.
            unlink(path)
            return false
        }
        if isTouched { return }
        do throws(ShelfError) {
            try await keeper.shelf.remove(asset) {
                if pins.withLock({ $0.isTouched(asset.sha256, since: mark) }) { return true }
                return try await keeper.isReferred(asset)
            }
        } catch {
            throw .shelf(error)
        }
    }

    /// Removes an asset likewise, without anybody waiting for it; what is left behind by a process that ends before this is
    /// an orphan for the next sweep.
    package func removeSoon(
        _ asset: AssetRecord,
        unlessTouchedSince mark: UInt64,
        on pool: WorkerPool,
        failed: @escaping @Sendable (any Error) -> Void
    ) {
        guard keeper == nil else {
            // Owned by nobody, as said above.
            Task {
                do {
                    try await remove(asset, unlessTouchedSince: mark, on: pool)
                } catch {
                    failed(error)
                }
            }
            return
        }
        pool.submit {
            do {
                try remove(asset, unlessTouchedSince: mark)
            } catch {
                failed(error)
            }
        }
    }

    /// Kept audio whose hash begins with a byte, a part of it at a time; `after` is what the last part gave.
    ///
    /// Nothing when the shelf looks after itself.
    package func kept(under byte: UInt8, after: String?, on pool: WorkerPool) async throws -> ShelfPage {
        guard let keeper else {
            let folder = folder
            return ShelfPage(files: try await pool.run { try folder.files(under: byte) })
        }
        guard keeper.shelf.isCleared else { return ShelfPage(files: []) }
        return try await keeper.shelf.page(under: byte, after: after)
    }

    /// Begins to read audio from the shelf; `nil` when it lies at ``path(of:)``.
    ///
    /// - Throws: `.missing` when it is not there.
    package func reading(of asset: AssetRecord, _ range: Range<Int64>) async throws(ShelfError)
        -> ShelfReading?
    {
        guard let keeper else { return nil }
        return try await ShelfReading(keeper.shelf, asset, range)
    }

    /// Sees to what earlier processes had not brought to the shelf when they ended.
    package func takeOver() async { await keeper?.takeOver() }

    /// Looks after nothing any more.
    package func stop() async { await keeper?.close() }

    /// Removes the file here, unless somebody is at work with the same content.
    func dropFile(of asset: AssetRecord) {
        let path = path(of: asset)
        pins.withLock { pins in
            if !pins.isPinned(asset.sha256) { unlink(path) }
        }
    }
}
