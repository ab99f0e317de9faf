/// Every command, in the order of the help.
enum CommandList {
    static let all: [Command] = [
        ServeCommand.command,
        ConfigCommands.check,
        ConfigCommands.schema,
        VersionCommand.command,
    ]
}
