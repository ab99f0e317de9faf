import Glibc
import Threads

/// Asks the person at the terminal, on standard error, and reads a line of standard input.
///
/// Ctrl-C ends it where the command has blocked the signal; so does the end of the input.
enum Question {
    /// Asks again and again until `read` takes the answer; an empty one means `usual`.
    static func ask<Answer>(
        _ words: String,
        usual: String,
        _ read: (String) throws(UsageError) -> Answer
    ) throws -> Answer {
        while true {
            Console.show(usual.isEmpty ? "\(words): " : "\(words) [\(usual)]: ")
            let line = try line()
            do throws(UsageError) {
                return try read(line.isEmpty ? usual : line)
            } catch {
                let reason = error.description.split(separator: "\n").first.map { String($0) }
                Console.note("  \(reason ?? error.description)")
            }
        }
    }

    /// Asks what is answered with yes or no.
    static func confirm(_ words: String) throws -> Bool {
        try ask("\(words) (y or n)", usual: "y") { answer throws(UsageError) in
            switch answer.lowercased() {
            case "y", "yes": return true
            case "n", "no": return false
            default: throw UsageError("y or n")
            }
        }
    }

    private static func line() throws -> String {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while bytes.last != UInt8(ascii: "\n") {
            try HiddenInput.wait(for: STDIN_FILENO)
            let count = try retryingSystemCall("read") {
                block.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            }
            guard count > 0 else { throw CommandFailure(.noInput, "no answer; nothing was written") }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).trimmed
    }
}

extension String {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
