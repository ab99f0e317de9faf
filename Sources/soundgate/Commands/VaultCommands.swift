import Configuration
import Crypto
import Glibc
import JSON
import Spelling
import Telemetry
import Threads
import Vault

/// Keeps vendors' keys sealed.
///
/// There is no command that shows one.
enum VaultCommands {
    private static let newKeyFile = Option(
        "--new-key-file",
        value: "PATH",
        summary: "the file with the new key; made with a random key if it is not there (else asked for)"
    )
    private static let name = Argument(name: "NAME")

    static let all = [
        command(
            "init",
            "make an empty vault",
            """
            With --key-file a random key is made there, unless the file is there already. Any other key is a passphrase of
            at least 12 characters, or 64 hexadecimal digits. Whoever has the vault and its key has everything in it:
            keep copies of the two apart.
            """,
            run: make
        ),
        command(
            "set",
            "put a secret into the vault, in place of the one under that name",
            """
            The secret is read from standard input, from a terminal without echo; one line end behind it is cut off. It
            never stands on the command line. In the configuration it is then "${vault:NAME}". Names have up to 128 of
            a-z, 0-9, '.', '_', '-' and '/', as suno/main.
            """,
            arguments: [name],
            run: set
        ),
        command(
            "list",
            "print the names in the vault, and when each was changed",
            document: .like([
                "data": [["name": "suno/main", "changed": "2026-11-21T04:04:36.460Z"]]
            ]),
            run: list
        ),
        command("remove", "take a secret out of the vault", arguments: [name], run: remove),
        command(
            "rekey",
            "give the vault another key, and seal every secret anew",
            """
            A gateway whose configuration has a list of keys, the new one and the old one, can read the vault before and
            after: key: [ "${file:new.key}", "${file:old.key}" ].
            """,
            options: [newKeyFile],
            run: rekey
        ),
    ]

    private static func command(
        _ word: String,
        _ summary: String,
        _ details: String? = nil,
        arguments: [Argument] = [],
        options: [Option] = [],
        document: Document = .like(["file": "data/vault.sealed", "name": "suno/main", "change": "added"]),
        run: @escaping @Sendable (Invocation, VaultPlace) throws -> Void
    ) -> Command {
        Command(
            name: "vault \(word)",
            summary: summary,
            details: details,
            arguments: arguments,
            options: VaultPlace.options + options + [.json],
            // A terminal without echo has to be put right first.
            signals: Interruption.signals,
            document: document,
            run: { invocation in
                do {
                    try ProcessMemory.protect()
                    try run(invocation, try VaultPlace(invocation))
                } catch let problems as ConfigurationProblems {
                    Console.note(problems.description)
                    if word == "init", !invocation.has(VaultPlace.keyFile) {
                        Console.note("A key that is not there yet is made with --key-file PATH.")
                    }
                    return .configuration
                } catch let error as VaultFileError {
                    throw CommandFailure(error)
                } catch let error as VaultError {
                    throw CommandFailure(
                        error.isAboutTheKey ? .noPermission : .dataError,
                        "a vault \(error.description); \(error.remedy)"
                    )
                }
                return .success
            }
        )
    }

    private static func make(_ invocation: Invocation, _ place: VaultPlace) throws {
        let create: (VaultKey) throws -> Void = {
            try place.file.create(try UnlockedVault(newWith: $0).sealed)
        }
        if let path = place.keyPath {
            try KeyFile.readOrMake(path, create)
        } else if let key = place.givenKeys?.first {
            try create(try VaultKey(key))
        } else {
            try create(try VaultKey(try place.newKey()))
        }
        report(
            invocation,
            place,
            nil,
            "created",
            "\(place.file.path) is a new vault; add to it with: soundgate vault set NAME"
        )
    }

    private static func set(_ invocation: Invocation, _ place: VaultPlace) throws {
        let name = try name(invocation)
        let keys = try place.keys()
        // Whoever has the wrong key hears of it before pasting anything.
        _ = try VaultOpening.open(place.file, keys: keys)
        let value = try HiddenInput.value(prompt: "Secret for \(name) (not shown): ")
        guard value.count > 0 else {
            throw CommandFailure(.dataError, "there is nothing on standard input; the vault is as it was")
        }
        guard value.isText else {
            throw CommandFailure(.dataError, "what stands on standard input is not UTF-8 text")
        }
        var isNew = false
        try place.file.update { sealed in
            isNew = !sealed.names.contains(name)
            var vault = try VaultOpening.open(sealed, of: place.file, keys: keys)
            try vault.set(name, to: value, at: .now())
            return vault.sealed
        }
        let change = isNew ? "added" : "replaced"
        report(
            invocation,
            place,
            name,
            change,
            "\(name) is \(change); in the configuration it is \"${vault:\(name)}\""
        )
    }

    private static func list(_ invocation: Invocation, _ place: VaultPlace) throws {
        let vault = try VaultOpening.open(place.file, keys: try place.keys())
        guard invocation.has(.json) else {
            var table = Table()
            for entry in vault.sealed.entries { table.add([entry.name.text, "\(entry.changed)"]) }
            for line in table.lines { Console.output(line) }
            if vault.sealed.entries.isEmpty { Console.note("\(place.file.path) is empty") }
            return
        }
        let entries = vault.sealed.entries.map { entry -> JSONValue in
            ["name": .string(entry.name.text), "changed": .string("\(entry.changed)")]
        }
        Console.output(JSONValue.object(["data": .array(entries)]).prettyPrinted())
    }

    private static func remove(_ invocation: Invocation, _ place: VaultPlace) throws {
        let name = try name(invocation)
        let keys = try place.keys()
        try place.file.update { sealed in
            var vault = try VaultOpening.open(sealed, of: place.file, keys: keys)
            guard vault.remove(name) else {
                let hint = hint(for: name.text, among: sealed.names.map(\.text))
                throw CommandFailure(.failure, "\(place.file.path) has nothing called \(name)\(hint)")
            }
            return vault.sealed
        }
        report(invocation, place, name, "removed", "\(name) is removed; copies of the file still have it")
    }

    private static func rekey(_ invocation: Invocation, _ place: VaultPlace) throws {
        let keys = try place.keys()
        _ = try VaultOpening.open(place.file, keys: keys)
        let seal: (VaultKey) throws -> Void = { key in
            try place.file.update { sealed in
                try VaultOpening.open(sealed, of: place.file, keys: keys).rekeyed(with: key).sealed
            }
        }
        if let path = invocation.text(newKeyFile) {
            try KeyFile.readOrMake(path, seal)
        } else {
            try seal(try VaultKey(try place.newKey()))
        }
        report(
            invocation,
            place,
            nil,
            "rekeyed",
            "\(place.file.path) has its new key, and every secret is sealed anew; copies from before open with the old key"
        )
    }

    /// Tells a person on standard error what was done, or a program on standard output.
    private static func report(
        _ invocation: Invocation,
        _ place: VaultPlace,
        _ name: VaultName?,
        _ change: String,
        _ words: String
    ) {
        guard invocation.has(.json) else { return Console.note(words) }
        let json: JSONValue = [
            "file": .string(place.file.path), "name": JSONValue(orNull: name?.text),
            "change": .string(change),
        ]
        Console.output(json.prettyPrinted())
    }

    private static func name(_ invocation: Invocation) throws -> VaultName {
        guard let name = VaultName(invocation.arguments[0]) else {
            // Not repeated: what stands here by mistake may be the secret itself.
            throw UsageError(
                "that is not a name: use up to 128 of a-z, 0-9, '.', '_', '-' and '/', a letter or digit first",
                command: invocation.command
            )
        }
        return name
    }
}

extension LockedBytes {
    /// Whether the bytes are UTF-8, so that they are the same again as a text.
    var isText: Bool {
        withBytes { bytes in
            bytes.withUnsafeBytes { bytes in
                do {
                    _ = try UTF8Span(validating: Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
                    return true
                } catch {
                    return false
                }
            }
        }
    }
}
