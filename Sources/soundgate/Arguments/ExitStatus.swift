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

    /// Every number and what it means, for the help.
    static let meanings: [(status: ExitStatus, meaning: String)] = [
        (.success, "all went well"),
        (.failure, "what was asked for was tried and failed, or is not well"),
        (.usage, "the command line, or a request, is wrong"),
        (.dataError, "what was given is not what it should be; serve: the ledger is damaged"),
        (.noInput, "a file that was named cannot be read"),
        (.unavailable, "no gateway answers, no provider can do it, or it is too much just now"),
        (.software, "something unexpected inside this program or the gateway"),
        (.cannotCreate, "a file cannot be made, or is there already"),
        (.temporaryFailure, "it may work in a moment"),
        (.protocolError, "what answered is no soundgate, or a vendor's answer was lost"),
        (.noPermission, "a key is missing or not the right one, or a file is open to too many"),
        (.configuration, "the configuration is wrong; every problem is printed"),
        (.interrupted(by: 2), "ended by Ctrl-C (128 and the signal's number)"),
    ]
}
