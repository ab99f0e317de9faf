import Crypto
import Spelling

/// The world outside the file, as `${env:…}`, `${file:…}`, `${vault:…}` and `${hcv:…}` see it.
struct References {
    /// The value of an environment variable.
    let environment: (String) -> String?
    /// The text of a file.
    let readFile: (String) throws -> String
    /// What relative paths begin with: the folder of the config file, with a slash at its end, or nothing.
    let folder: String
    /// What `${vault:…}` reads.
    var vault = Vault.none

    /// What `${hcv:…}` reads.
    var hashiCorp = Server.none

    /// What is known of the server that `${hcv:…}` reads.
    enum Server {
        /// The file names none.
        case none
        /// What the file says of it is wrong, which is a problem of its own.
        case unusable
        case usable(HashiCorpSecrets)

        var isUnusable: Bool { if case .unusable = self { true } else { false } }
    }

    /// What is known of the vault.
    enum Vault {
        /// The file names none.
        case none
        /// It does not open, which is a problem of its own.
        case closed
        case open(VaultSecrets)

        var isClosed: Bool { if case .closed = self { true } else { false } }
    }

    init(
        fileName: String,
        environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> String
    ) {
        self.environment = environment
        self.readFile = readFile
        folder = fileName.lastIndex(of: "/").map { String(fileName[...$0]) } ?? ""
    }

    /// The text with each reference replaced, or `nil` when there is none; `$${` stands for `${` itself.
    ///
    /// Replacements are not looked at again, so a value from outside cannot refer to anything.
    func fill(_ text: String, isSecret: Bool) throws(Malformed) -> String? {
        guard text.contains("${") else { return nil }
        var filled = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            filled += rest[..<dollar]
            rest = rest[dollar...]
            if rest.hasPrefix("$${") {
                filled += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw Malformed(
                        "has a ${ without its }",
                        remedy: "close it, or write $${ for the characters ${"
                    )
                }
                filled += try value(of: rest[rest.index(dollar, offsetBy: 2)..<end], isSecret: isSecret)
                rest = rest[rest.index(after: end)...]
            } else {
                filled += "$"
                rest = rest.dropFirst()
            }
        }
        return filled + rest
    }

    /// The name in a text that is one reference to the vault and nothing else.
    static func vaultName(_ text: String) -> Substring? {
        guard text.hasPrefix("${vault:"), text.firstIndex(of: "}") == text.indices.last else { return nil }
        return text.dropFirst("${vault:".count).dropLast()
    }

    /// The reference in a text that is one to a HashiCorp server and nothing else.
    static func hashiCorpReference(_ text: String) -> Substring? {
        guard text.hasPrefix("${hcv:"), text.firstIndex(of: "}") == text.indices.last else { return nil }
        return text.dropFirst("${hcv:".count).dropLast()
    }

    /// What a HashiCorp server has at a place.
    func hashiCorpSecret(_ argument: Substring) throws(Malformed) -> Secret<String> {
        guard case .usable(let secrets) = hashiCorp else {
            throw Malformed(
                "refers to HashiCorp Vault, and there is no vault.hashicorp section",
                remedy: "add vault: { hashicorp: { address: URL, token: \"${file:PATH}\" } }"
            )
        }
        let reference = try HashiCorpReference(parsing: argument)
        do throws(VaultRefusal) {
            return try secrets.secret(reference)
        } catch {
            throw Malformed(error.complaint, remedy: error.remedy)
        }
    }

    /// What the vault has under a name.
    func secret(_ name: Substring) throws(Malformed) -> Secret<String> {
        guard case .open(let vault) = vault else {
            throw Malformed(
                "refers to a vault, and there is no vault section",
                remedy: "add vault: { file: PATH, key: \"${file:PATH}\" }, or use ${env:…} or ${file:…}"
            )
        }
        guard vault.names.contains(String(name)) else {
            let meant = nearestMatch(to: String(name), among: vault.names).map { "did you mean \"\($0)\"?" }
            throw Malformed(
                "the vault has nothing called \"\(name)\"",
                remedy: meant ?? "add it with: soundgate vault set NAME"
            )
        }
        do throws(VaultRefusal) {
            return try vault.secret(String(name))
        } catch {
            throw Malformed(error.complaint, remedy: error.remedy)
        }
    }

    private func value(of reference: Substring, isSecret: Bool) throws(Malformed) -> String {
        guard let colon = reference.firstIndex(of: ":") else {
            throw Malformed(
                "has the unknown reference ${\(reference)}",
                remedy: "write ${env:\(reference)} or ${file:PATH}"
            )
        }
        let argument = reference[reference.index(after: colon)...]
        switch reference[..<colon] {
        case "env": return try variable(argument)
        case "file": return try file(argument)
        case "vault" where isSecret: return try secret(argument).reveal { $0 }
        case "hcv" where isSecret: return try hashiCorpSecret(argument).reveal { $0 }
        case "vault", "hcv":
            throw Malformed(
                "is no secret, and the vault is for secrets only",
                remedy: "use ${env:…} or ${file:…}"
            )
        case let kind:
            let hint = nearestMatch(to: String(kind), among: ["env", "file", "vault", "hcv"]).map {
                "did you mean \"\($0)\"?"
            }
            throw Malformed(
                "has the unknown reference ${\(kind):…}",
                remedy: hint ?? "use ${env:…}, ${file:…}, ${vault:…} or ${hcv:…}"
            )
        }
    }

    private func variable(_ argument: Substring) throws(Malformed) -> String {
        let name = argument.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        let rest = argument.dropFirst(name.count)
        guard !name.isEmpty, name.first?.isNumber == false, rest.isEmpty || rest.hasPrefix(":-") else {
            throw Malformed(
                "has a reference without a proper variable name",
                remedy: "write ${env:NAME} or ${env:NAME:-default}"
            )
        }
        let value = environment(String(name))
        if rest.isEmpty {
            guard let value else {
                throw Malformed(
                    "the environment variable \(name) is not set",
                    remedy: "set it, or write ${env:\(name):-default}"
                )
            }
            return value
        }
        // As in a shell, `:-` speaks for an empty variable as well as for a missing one.
        guard let value, !value.isEmpty else { return String(rest.dropFirst(2)) }
        return value
    }

    private func file(_ argument: Substring) throws(Malformed) -> String {
        guard !argument.isEmpty else {
            throw Malformed("has a ${file:} without a path", remedy: "write ${file:PATH}")
        }
        let path = argument.hasPrefix("/") ? String(argument) : folder + argument
        do {
            var text = try readFile(path)[...]
            while text.last?.isNewline == true { text.removeLast() }
            return String(text)
        } catch {
            throw Malformed(
                "the file \(path) cannot be read (\(error))",
                remedy: "check the path and its permissions"
            )
        }
    }
}
