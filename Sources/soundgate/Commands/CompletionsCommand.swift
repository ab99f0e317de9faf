/// Teaches a shell to complete command lines of this program.
enum CompletionsCommand {
    private static let shell = Argument(
        name: "SHELL",
        expects: .words(Shell.allCases.map(\.rawValue))
    )

    static let command = Command(
        name: "completions",
        summary: "print a script that lets bash, zsh or fish complete commands, options and files",
        details: """
            For the shell that runs, or for every one that is started:

              source <(soundgate completions bash)
              soundgate completions bash > ~/.local/share/bash-completion/completions/soundgate
              soundgate completions zsh > "${fpath[1]}/_soundgate"
              soundgate completions fish > ~/.config/fish/completions/soundgate.fish
            """,
        arguments: [shell],
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let name = invocation.arguments[0]
        guard let shell = Shell(rawValue: name) else {
            throw UsageError(
                "there are completions for bash, zsh and fish, not for \"\(name)\"",
                command: "completions"
            )
        }
        Console.output(shell.script(CompletionTable(commands: CommandList.all, topics: HelpTopic.all)))
        return .success
    }
}
