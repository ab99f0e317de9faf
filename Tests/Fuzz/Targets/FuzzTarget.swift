import Glibc

/// A reader of bytes from outside, with the rules that it keeps whatever comes.
///
/// The fuzzer (`make fuzz`) looks for bytes that break one; `FuzzTests` tries the corpora in every test run. Each has a
/// folder beside `Targets` with seeds and with whatever was found.
package struct FuzzTarget: Sendable {
    /// The folder's name.
    package let name: String
    /// Reads the bytes; traps when a rule is broken.
    package let run: @Sendable ([UInt8]) -> Void

    init(_ name: String, _ run: @escaping @Sendable ([UInt8]) -> Void) {
        self.name = name
        self.run = run
    }

    /// All of them.
    package static let all = [
        httpParser, chunkedBody, soundRequest, configuration, callback, url, vault, audioFile, xml,
    ]

    /// The one that the environment names; the fuzzer's way to choose.
    fileprivate static let chosen: FuzzTarget = {
        let name = getenv("SOUNDGATE_FUZZ").map { String(cString: $0) } ?? ""
        guard let target = all.first(where: { $0.name == name }) else {
            fatalError("SOUNDGATE_FUZZ names none of \(all.map(\.name).joined(separator: ", "))")
        }
        return target
    }()
}

/// What the fuzzer calls.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
