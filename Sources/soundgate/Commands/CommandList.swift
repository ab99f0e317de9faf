/// Every command, in the order of the help.
enum CommandList {
    static let all: [Command] =
        [
            ServeCommand.command,
            InitCommand.command,
            EmulateCommand.command,
            SoundCommand.command,
            PlanCommand.command,
            ProvidersCommand.command,
            UsageCommand.command,
            TopCommand.command,
            HealthCommand.command,
            ConfigCommands.check,
            ConfigCommands.schema,
            ClientCommand.command,
            DeliveryCommands.list,
            DeliveryCommands.resend,
            WebhooksCommand.register,
            DoctorCommand.command,
            StorageCommand.copy,
            StorageCopyAssetsCommand.command,
        ] + VaultCommands.all + [
            CompletionsCommand.command, ManCommand.command, VersionCommand.command,
        ]
}
