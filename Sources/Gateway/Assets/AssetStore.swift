package import AudioFile
import Crypto
import Glibc
package import Sound
package import Telemetry
package import Threads

/// Audio files under the names of their content: `ab/abcdef….mp3`.
///
/// They stay in a folder; or they are checked in one and go on to a shelf that several gateways share, see ``AssetShelf``.
/// A file is written under a temporary name, decoded from end to end, hashed, synced and only then renamed, so a name
/// always stands for whole, checked audio. Two takes with the same bytes share one file. All calls block: they belong
/// on a worker thread.
package struct AssetStore: Sendable {
    /// What is refused as a result, against runaway vendors and decompression bombs.
    package struct Limits: Sendable, Equatable {
        package var bytes: Int
        /// Seconds.
        package var duration: Double

        /// Limits of a single file.
        package init(bytes: Int = 200 << 20, duration: Double = 900) {
            self.bytes = bytes
            self.duration = duration
        }
    }

    private let directory: String
    private let limits: Limits
    let pins = Guarded(PinBoard())
    /// Who brings audio to the shelf; `nil` when it stays in the folder.
    let keeper: ShelfKeeper?
    /// Keeps other processes off the folder.
    private let claim: FileLock?

    /// Opens the folder, makes it where it is missing and clears what an earlier process left half-written.
    ///
    /// With `isClaimed` the folder is this store's until the process ends: another store that claims it is refused with
    /// the code `EWOULDBLOCK`, as it would clear what this one is writing.
    package init(directory: String, limits: Limits = Limits(), isClaimed: Bool = false) throws(SystemError) {
        self.directory = directory
        self.limits = limits
        keeper = nil
        try Self.makeDirectories(directory)
        claim = isClaimed ? try FileLock("\(directory)/lock") : nil
        try Self.makeDirectories("\(directory)/incoming")
        try makeFolders()
        clearIncoming()
    }

    /// Opens a store whose audio goes to a shelf, with a spool of this process' own below a folder.
    ///
    /// What lies in the folder as the audio of a store without a shelf is not touched. So long as `grace` after the ledger
    /// refers to audio, it is looked for on the shelf once more; `isReferred` asks the ledger whether any task has a
    /// content.
    package init(
        spoolingIn directory: String,
        shelf: any AssetShelf,
        limits: Limits = Limits(),
        grace: Duration = ShelfTimes.grace,
        log: Log,
        isReferred: @escaping @Sendable (AssetRecord) async throws -> Bool
    ) throws(SystemError) {
        let parent = "\(directory)/spool"
        try Self.makeDirectories(parent)
        let (spool, abandoned) = try Spool.open(in: parent)
        self.directory = spool.directory
        self.limits = limits
        claim = nil
        keeper = ShelfKeeper(
            shelf: shelf,
            spool: spool,
            abandoned: abandoned,
            grace: grace,
            log: log,
            isReferred: isReferred
        )
        try Self.makeDirectories("\(spool.directory)/incoming")
        try makeFolders()
    }

    /// The folder as it lies on the disk; of a store with a shelf, the spool.
    package var folder: AssetFolder { AssetFolder(directory) }

    /// A fresh path for a file that is about to be written.
    package func temporaryPath() -> String { "\(directory)/incoming/\(Hex.encode(randomBytes(12)))" }

    /// Removes a file that was being written and is not wanted.
    package func discard(_ temporary: String) { unlink(temporary) }

    /// Where an asset's bytes are; of a store with a shelf, where they are until they are safely on it.
    package func path(of asset: AssetRecord) -> String {
        "\(directory)/\(asset.sha256.prefix(2))/\(asset.sha256).\(asset.format.rawValue)"
    }

    /// Checks a written file and keeps it; the temporary file is gone afterwards, unless our own disk failed: then this
    /// can be tried again, or the file be discarded.
    ///
    /// The asset is pinned: `unpin` it when the ledger refers to it (or never will).
    ///
    /// - Parameters:
    ///   - temporary: a path from `temporaryPath`.
    ///   - raw: how the samples are coded when the file is nothing but samples; they are wrapped into WAV first.
    ///   - wanted: the format to keep it in; another one is converted.
    /// - Returns: the kept asset, pinned.
    /// - Throws: `.unusable` for a file that is not whole, bearable audio; the others for our own disk.
    package func keep(_ temporary: String, wrapping raw: RawAudio? = nil, as wanted: SoundFormat? = nil)
        throws(AssetError) -> AssetRecord
    {
        do throws(AssetError) {
            let asset = try keep(whole: temporary, wrapping: raw, as: wanted)
            unlink(temporary)
            return asset
        } catch {
            if !error.isStorage { unlink(temporary) }
            throw error
        }
    }

    private func keep(whole temporary: String, wrapping raw: RawAudio?, as wanted: SoundFormat?)
        throws(AssetError) -> AssetRecord
    {
        guard let raw else { return try keep(file: temporary, as: wanted) }
        let wrapped = temporaryPath()
        defer { unlink(wrapped) }
        do throws(AudioFileError) {
            try BareSamples(raw).wrap(temporary, into: wrapped)
        } catch {
            throw AssetError(error)
        }
        return try keep(file: wrapped, as: wanted)
    }

    private func keep(file temporary: String, as wanted: SoundFormat?) throws(AssetError) -> AssetRecord {
        let inspection = try inspect(temporary)
        guard let wanted, wanted != SoundFormat(inspection.format) else {
            return try adopt(temporary, inspection)
        }
        let converted = temporaryPath()
        defer { unlink(converted) }
        do throws(AudioFileError) {
            try Self.convert(temporary, to: converted, as: wanted)
        } catch {
            throw AssetError(error)
        }
        return try adopt(converted, try inspect(converted))
    }

    /// Ends the protection of an asset that `keep` returned.
    package func unpin(_ asset: AssetRecord) {
        pins.withLock { $0.unpin(asset.sha256) }
        keeper?.watch(asset, at: path(of: asset)) { dropFile(of: asset) }
    }

    /// A point in time, for `remove`: take it before asking the ledger what nobody refers to.
    package func mark() -> UInt64 { pins.withLock { $0.clock } }

    /// Removes an asset's file, unless another task has taken up the same content since `mark`; a missing file is no
    /// error.
    package func remove(_ asset: AssetRecord, unlessTouchedSince mark: UInt64) throws(SystemError) {
        let path = path(of: asset)
        try pins.withLock { pins throws(SystemError) in
            guard !pins.isTouched(asset.sha256, since: mark), unlink(path) != 0, errno != ENOENT else {
                return
            }
            throw SystemError("unlink", subject: path)
        }
    }

    // MARK: Steps

    /// Makes a folder for each first byte of a hash, durably: a file in a folder that a power cut takes away goes
    /// with it.
    private func makeFolders() throws(SystemError) {
        for byte in UInt8.min...UInt8.max {
            let folder = "\(directory)/\(Hex.encode([byte]))"
            if mkdir(folder, 0o700) != 0, errno != EEXIST { throw SystemError("mkdir", subject: folder) }
        }
        try Self.synchronize(directory)
    }

    private func inspect(_ path: String) throws(AssetError) -> AudioInspection {
        do throws(AudioFileError) {
            let inspection = try AudioInspection(
                path: path,
                limits: AudioLimits(frames: Int(limits.duration * 192_000), seconds: limits.duration)
            )
            guard inspection.duration <= limits.duration else {
                throw AudioFileError.beyondLimit(.frames)
            }
            return inspection
        } catch {
            throw AssetError(error)
        }
    }

    private func adopt(_ temporary: String, _ inspection: AudioInspection) throws(AssetError) -> AssetRecord {
        do throws(SystemError) {
            let (digest, bytes) = try Self.hash(temporary)
            let asset = AssetRecord(
                sha256: digest.hex,
                format: SoundFormat(inspection.format),
                bytes: bytes,
                duration: inspection.duration
            )
            let target = path(of: asset)
            let folder = "\(directory)/\(asset.sha256.prefix(2))"
            try pins.withLock { pins throws(SystemError) in
                try retryingSystemCall("rename", subject: target) { rename(temporary, target) }
                pins.pin(asset.sha256)
            }
            do throws(SystemError) {
                try Self.synchronize(folder)
            } catch {
                unpin(asset)
                throw error
            }
            return asset
        } catch {
            throw .storage(error)
        }
    }

    private static func convert(_ source: String, to target: String, as format: SoundFormat)
        throws(AudioFileError)
    {
        let reader = try AudioReader(path: source)
        let writer = try AudioWriter(
            path: target,
            format: AudioFormat(format),
            sampleRate: reader.sampleRate,
            channels: reader.channels
        )
        var block: [Float] = []
        while try reader.read(into: &block, frames: 4096) > 0 { try writer.write(block) }
        try writer.finish()
    }

    /// Reads the file once for its digest and makes sure that its bytes are on the disk.
    private static func hash(_ path: String) throws(SystemError) -> (Digest, Int64) {
        let descriptor = try retryingSystemCall("open", subject: path) { open(path, O_RDWR | O_CLOEXEC) }
        defer { close(descriptor) }
        var sha256 = SHA256()
        var total: Int64 = 0
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try retryingSystemCall("read", subject: path) {
                read(descriptor, &block, block.count)
            }
            if count == 0 { break }
            total += Int64(count)
            sha256.update(count == block.count ? block : Array(block[..<count]))
        }
        do throws(SystemError) {
            try retryingSystemCall("fsync", subject: path) { fsync(descriptor) }
        } catch {
            rewrite(descriptor)
            throw error
        }
        return (sha256.finalize(), total)
    }

    /// Writes a file over with its own bytes.
    ///
    /// After an error of `fsync` the system holds the pages for clean, and the next `fsync` would succeed without having
    /// written them. If this fails as well, the next look at the file does.
    private static func rewrite(_ descriptor: Int32) {
        var block = [UInt8](repeating: 0, count: 1 << 16)
        var offset: off_t = 0
        while case let count = pread(descriptor, &block, block.count, offset), count > 0,
            pwrite(descriptor, block, count, offset) == count
        {
            offset += off_t(count)
        }
    }

    private static func synchronize(_ folder: String) throws(SystemError) {
        let descriptor = try retryingSystemCall("open", subject: folder) {
            open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        defer { close(descriptor) }
        try retryingSystemCall("fsync", subject: folder) { fsync(descriptor) }
    }

    private static func makeDirectories(_ path: String) throws(SystemError) {
        var built = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += built.isEmpty || built.hasSuffix("/") ? "\(part)" : "/\(part)"
            if mkdir(built, 0o700) != 0, errno != EEXIST { throw SystemError("mkdir", subject: built) }
        }
    }

    /// Half-written files belong to a process that is gone; one that stays behind only costs room.
    private func clearIncoming() {
        guard let names = try? AssetFolder.names(in: "\(directory)/incoming") else { return }
        for name in names { unlink("\(directory)/incoming/\(name)") }
    }
}

/// Why a file was not kept.
package enum AssetError: Error, Sendable, CustomStringConvertible {
    /// It is no audio that we would serve.
    case unusable(AudioFileError)
    /// Our own disk failed.
    case storage(SystemError)
    /// Our own disk failed while audio was written or read.
    case disk(call: String, code: Int32)
    /// The shelf did not take it or give it.
    case shelf(ShelfError)

    /// Tells the file's faults from the disk's.
    package init(_ error: AudioFileError) {
        if case .system(let call, let code) = error {
            self = .disk(call: call, code: code)
        } else {
            self = .unusable(error)
        }
    }

    /// Whether it is our own disk that failed, and not the audio.
    package var isStorage: Bool { if case .unusable = self { false } else { true } }

    package var description: String {
        switch self {
        case .unusable(let error): error.description
        case .storage(let error): error.description
        case .disk(let call, let code): SystemError(call, code: code).description
        case .shelf(let error): error.description
        }
    }
}

extension SoundFormat {
    /// The same format in the words of the vocabulary.
    package init(_ format: AudioFormat) {
        switch format {
        case .wav: self = .wav
        case .flac: self = .flac
        case .ogg: self = .ogg
        case .mp3: self = .mp3
        }
    }

    /// The media type of the audio.
    package var contentType: String { AudioFormat(self).contentType }
}

extension AudioFormat {
    /// The same format in the words of the file library.
    package init(_ format: SoundFormat) {
        switch format {
        case .wav: self = .wav
        case .flac: self = .flac
        case .ogg: self = .ogg
        case .mp3: self = .mp3
        }
    }
}

extension BareSamples {
    /// The same coding in the words of the file library.
    init(_ raw: RawAudio) {
        let coding: Coding =
            switch raw.coding {
            case .pcm16: .pcm16
            case .muLaw: .muLaw
            case .aLaw: .aLaw
            }
        self.init(coding, sampleRate: raw.sampleRate, channels: raw.channels)
    }
}
