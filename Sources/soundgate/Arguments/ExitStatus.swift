/// How the program ends, in the numbers of `sysexits.h`.
struct ExitStatus: RawRepresentable, Sendable, Equatable {
    let rawValue: Int32

    static let success = ExitStatus(rawValue: 0)
    /// What was asked for was tried and failed.
    static let failure = ExitStatus(rawValue: 1)
    /// The command line is wrong.
    static let usage = ExitStatus(rawValue: 64)
    /// What was given is not what it should be.
    static let dataError = ExitStatus(rawValue: 65)
    /// What the gateway has stored is damaged: the same number.
    static let damagedData = dataError
    /// An input file cannot be read.
    static let noInput = ExitStatus(rawValue: 66)
    /// The gateway, or every provider behind it, is not to be had.
    static let unavailable = ExitStatus(rawValue: 69)
    /// Something unexpected inside this program.
    static let software = ExitStatus(rawValue: 70)
    /// An output file cannot be made.
    static let cannotCreate = ExitStatus(rawValue: 73)
    /// It may work in a moment.
    static let temporaryFailure = ExitStatus(rawValue: 75)
    /// The answer was not what was agreed.
    static let protocolError = ExitStatus(rawValue: 76)
    /// A key is missing or not the right one, or a file is open to too many.
    static let noPermission = ExitStatus(rawValue: 77)
    /// The configuration is wrong.
    static let configuration = ExitStatus(rawValue: 78)

    /// Ended by a signal, as a shell counts it: 130 for Ctrl-C.
    static func interrupted(by signal: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + signal) }
}
