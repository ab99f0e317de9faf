import CSndFile

/// Encodes sound into a file, block by block.
///
/// Call `finish()` after the last block: only then is the file whole, and only its return says so. A writer that goes away
/// unfinished closes the file and leaves an incomplete one behind. Not `Sendable`: it belongs to one task or thread, and it blocks.
///
/// The same frames give the same bytes in all four formats.
@safe package final class AudioWriter {
    /// The encoding being written.
    package let format: AudioFormat
    /// Samples in a frame.
    package let channels: Int

    private let stream: FileStream
    private var handle: OpaquePointer?

    /// The most frames given to the encoder at once.
    ///
    /// libsndfile's Vorbis encoder keeps one write on its stack, and very big ones overflow it.
    private static let blockFrames = 4096

    /// Creates the file at `path`, or empties it.
    package convenience init(
        path: String,
        format: AudioFormat,
        sampleRate: Int,
        channels: Int
    ) throws(AudioFileError) {
        try self.init(path, format, nil, sampleRate: sampleRate, channels: channels)
    }

    /// Creates the file at `path`, or empties it, for sound at a bit rate.
    package convenience init(
        path: String,
        coding: RatedCoding,
        sampleRate: Int,
        channels: Int
    ) throws(AudioFileError) {
        try self.init(path, coding.format, coding, sampleRate: sampleRate, channels: channels)
    }

    private init(
        _ path: String,
        _ format: AudioFormat,
        _ coding: RatedCoding?,
        sampleRate: Int,
        channels: Int
    ) throws(AudioFileError) {
        self.format = format
        self.channels = channels
        stream = try FileStream(writing: path)
        var info = SF_INFO()
        info.samplerate = Int32(clamping: sampleRate)
        info.channels = Int32(clamping: channels)
        info.format = coding?.libraryFormat ?? format.libraryFormat
        unsafe handle = stream.openHandle(mode: SFM_WRITE, &info)
        guard unsafe handle != nil else {
            try stream.check("write")
            throw .cannotEncode(libraryMessage(nil))
        }
        configure(coding?.level(sampleRate: sampleRate, channels: channels))
    }

    deinit {
        if let handle = unsafe handle { unsafe sf_close(handle) }
    }

    /// Appends whole frames of interleaved samples from -1 to 1; louder ones are clipped.
    ///
    /// - Precondition: the count is a multiple of `channels`, and `finish()` hasn't been called.
    package func write(_ samples: some Collection<Float>) throws(AudioFileError) {
        let contiguous = ContiguousArray(samples)
        precondition(contiguous.count.isMultiple(of: channels), "half a frame was given to an audio writer")
        guard let handle = unsafe handle else {
            preconditionFailure("an audio writer was used after its end")
        }
        let total = contiguous.count / channels
        var done = 0
        while done < total {
            let frames = min(Self.blockFrames, total - done)
            let written = unsafe contiguous.withUnsafeBufferPointer { buffer in
                unsafe sf_writef_float(
                    handle,
                    buffer.baseAddress?.advanced(by: done * channels),
                    sf_count_t(frames)
                )
            }
            try stream.check("write")
            guard written == frames else { throw unsafe .cannotEncode(libraryMessage(handle)) }
            done += frames
        }
    }

    /// Ends the file: flushes the encoder, completes headers, and reports every write that failed, such as on a full disk.
    package func finish() throws(AudioFileError) {
        guard let open = unsafe handle else { return }
        unsafe handle = nil
        let code = unsafe sf_close(open)
        try stream.check("write")
        guard code == 0 else { throw unsafe .cannotEncode(String(cString: sf_error_number(code))) }
        if format == .ogg { try OggPages.number(stream) }
    }

    /// Sets what the format's quality depends on; a codec ignores what isn't its own.
    private func configure(_ ratedLevel: Double?) {
        // Without clipping, a float beyond 1 wraps round to the other sign in 16-bit output.
        unsafe sf_command(handle, Int32(SFC_SET_CLIPPING), nil, Int32(SF_TRUE))
        var level: Double
        if let ratedLevel {
            level = ratedLevel
            var mode = Int32(SF_BITRATE_MODE_CONSTANT)
            unsafe sf_command(handle, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
            unsafe sf_command(
                handle,
                Int32(SFC_SET_COMPRESSION_LEVEL),
                &level,
                Int32(MemoryLayout<Double>.size)
            )
            return
        }
        switch format {
        case .wav: return
        case .flac: level = 0.6
        case .ogg: level = 0.4
        case .mp3:
            level = 0.2
            var mode = Int32(SF_BITRATE_MODE_VARIABLE)
            unsafe sf_command(handle, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
        }
        // 0 is the best quality for lossy codecs, 1 the smallest file.
        unsafe sf_command(handle, Int32(SFC_SET_COMPRESSION_LEVEL), &level, Int32(MemoryLayout<Double>.size))
    }
}
