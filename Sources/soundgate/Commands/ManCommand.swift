/// Prints the manual page.
enum ManCommand {
    static let command = Command(
        name: "man",
        summary: "print the manual page, for man",
        details: """
            In the macros of mdoc(7), as man and mandoc read them:

              soundgate man | man -l -
              soundgate man > /usr/local/share/man/man1/soundgate.1
            """,
        run: { _ in
            Console.output(ManualPage(commands: CommandList.all, topics: HelpTopic.all).text)
            return .success
        }
    )
}
