import Glibc
import Testing

/// Completions, by the shells that they are for.
@Suite struct CompletionTests {
    /// Completes the last word as bash would; `=` is a word of its own there.
    private func bash(_ words: [String], in folder: Folder) async throws -> [String] {
        let script = """
            source <("$0" completions bash) || exit 99
            complete -p soundgate >/dev/null || exit 98
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _soundgate
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let run = try await Program.run(words, in: folder, under: ["bash", "--norc", "-uc", script])
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.errors.isEmpty, "\(run.errors)")
        return run.output.split(separator: "\n").map { String($0) }
    }

    struct Line: Sendable, CustomTestStringConvertible {
        let words: [String]
        let some: [String]
        var none: [String] = []

        init(_ words: [String], _ some: [String], not none: [String] = []) {
            self.words = words
            self.some = some
            self.none = none
        }

        var testDescription: String { words.joined(separator: " ") }
    }

    @Test(arguments: [
        Line([""], ["serve", "sound", "config", "vault", "help", "completions"], not: ["check"]),
        Line(["se"], ["serve"], not: ["sound"]),
        Line(["config", ""], ["check", "schema"], not: ["serve", "init"]),
        Line(["vault", "re"], ["remove", "rekey"], not: ["set"]),
        Line(["serve", "--"], ["--config", "--listen", "--help"], not: ["--json"]),
        Line(["config", "check", "--j"], ["--json"]),
        Line(["serve", "--config", "a"], ["a.yaml", "a b.yaml"]),
        Line(["serve", "--config", "=", "a."], ["a.yaml"]),
        Line(["config", "check", "a"], ["a.yaml", "a b.yaml"]),
        Line(["sound", "-o", "a.y"], ["a.yaml"]),
        Line(["sound", "rain", "--format", ""], ["mp3", "wav", "flac", "ogg"], not: ["a.yaml"]),
        Line(["sound", "rain", "--type", "=", "m"], ["music"], not: ["effect"]),
        Line(["sound", "rain", "--provider", "vid"], ["videogen"]),
        Line(["sound", "rain", "--provider", "kie,vid"], ["kie,videogen"]),
        Line(["sound", "rain", "--bpm", ""], [], not: ["a.yaml", "--loop"]),
        Line(["init", "--keys", ""], ["vault", "env", "file"]),
        Line(["webhooks", "list", "--state", "d"], ["dead", "delivered"]),
        Line(["webhooks", "register", ""], ["videogen"], not: ["elevenlabs"]),
        Line(["help", ""], ["routing", "exit-codes", "sound", "webhooks"]),
        Line(["completions", ""], ["bash", "zsh", "fish"]),
    ])
    func bashCompletes(_ line: Line) async throws {
        try await Folder.with { folder in
            for name in ["a.yaml", "a b.yaml"] { try folder.write("{}", to: name) }
            let found = try await bash(["soundgate"] + line.words, in: folder)
            for word in line.some { #expect(found.contains(word), "\(found)") }
            for word in line.none { #expect(!found.contains(word), "\(found)") }
        }
    }

    @Test func bashOffersEveryOptionOfEveryCommand() async throws {
        try await Folder.with { folder in
            for command in try await Surface.read(in: folder).commands {
                let words = command.split(separator: " ").map { String($0) }
                let page = try await Program.run(["help"] + words, in: folder).output
                let options = page.matches(of: /(?m)^  (?:-[a-z], )?(--[a-z\-]+)/).map { String($0.1) }
                let found = try await bash(["soundgate"] + words + ["--"], in: folder)
                #expect(found.sorted() == options.sorted(), "\(command)")
            }
        }
    }

    @Test(.enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed"))
    func zshTakesItsScript() async throws {
        try await Folder.with { folder in
            let script = """
                "$0" completions zsh > _soundgate && zsh -fn _soundgate || exit 99
                fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d ./dump; print -r -- $_comps[soundgate]
                """
            let run = try await Program.run([], in: folder, under: ["zsh", "-fc", script])
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            #expect(run.output == "_soundgate\n")
        }
    }

    /// zsh completes on a terminal alone: one of its own, which the module `zpty` makes.
    @Test(
        .enabled(if: access("/usr/bin/zsh", X_OK) == 0, "zsh is not installed"),
        arguments: [
            ("soundgate conf", "config"), ("soundgate vault rek", "vault rekey"),
            ("soundgate serve --list", "serve --listen"),
            ("soundgate sound rain --format fl", "--format flac"),
            ("soundgate config check only", "check only-one.yaml"),
        ]
    )
    func zshCompletes(_ line: String, _ expected: String) async throws {
        try await Folder.with { folder in
            try folder.write("{}", to: "only-one.yaml")
            try await Program.run(["completions", "zsh"], in: folder).output.write(
                into: folder,
                as: "_soundgate"
            )
            let script = """
                zmodload zsh/zpty
                zpty shell zsh -f
                zpty -w shell 'PS1="READY> "; unsetopt zle_bracketed_paste; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -d ./dump'
                zpty -w shell 'bindkey "^I" complete-word; bindkey "^X" print-it; print-it() { print -r -- "[[$BUFFER]]" > ./buffer; zle send-break }; zle -N print-it; print GO'
                zpty -r -m shell seen '*GO*GO*'
                zpty -w -n shell "$1"$'\\t\\x18'
                for i in {1..200}; do [[ -s ./buffer ]] && break; zpty -r -t shell seen; sleep 0.02; done
                cat ./buffer
                zpty -d shell
                """
            let run = try await Program.run([line], in: folder, under: ["zsh", "-fc", script])
            #expect(run.output.contains(expected), "\(run)")
        }
    }

    @Test(
        .enabled(if: access("/usr/bin/fish", X_OK) == 0, "fish is not installed"),
        arguments: [
            ("soundgate ", "serve"), ("soundgate config ", "check"), ("soundgate vault re", "rekey"),
            ("soundgate serve --l", "--listen"), ("soundgate sound rain --format ", "flac"),
            ("soundgate config check only", "only-one.yaml"), ("soundgate help ", "exit-codes"),
            ("soundgate sound rain --provider kie,vid", "kie,videogen"),
        ]
    )
    func fishCompletes(_ line: String, _ expected: String) async throws {
        try await Folder.with { folder in
            try folder.write("{}", to: "only-one.yaml")
            let script = """
                $argv[1] completions fish > soundgate.fish; and fish -N -n soundgate.fish; or exit 99
                source soundgate.fish; complete -C $argv[2]
                """
            let settings = [
                "HOME": folder.path, "XDG_CONFIG_HOME": folder.path, "XDG_DATA_HOME": folder.path,
            ]
            let run = try await Program.run(
                [line],
                in: folder,
                environment: settings,
                under: ["fish", "-N", "-c", script]
            )
            #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
            let words = run.output.split(separator: "\n").map { $0.prefix { $0 != "\t" } }
            #expect(words.contains(expected[...]), "\(words)")
        }
    }

    @Test func anotherShellIsStatus64() async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["completions", "tcsh"], in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains("bash, zsh and fish"))
        }
    }
}

extension String {
    fileprivate func write(into folder: Folder, as name: String) throws { try folder.write(self, to: name) }
}
