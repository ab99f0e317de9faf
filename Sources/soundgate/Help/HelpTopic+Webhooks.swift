extension HelpTopic {
    static let webhooks = HelpTopic(
        name: "webhooks",
        summary: "being told of tasks, and being told by vendors",
        text: """
            Out: a request's webhook_url is told of each event of its task, in order and at least once, by Standard \
            Webhooks. Any 2xx within 15 seconds takes a message; anything else is tried again ten times in three days, \
            and 410 stops it. clients[].webhook_secret signs.

              soundgate webhooks list --state dead
              soundgate webhooks resend --all-dead

            They go to public addresses, and to what webhooks.allow lists.

            In: with server.public_url vendors call the gateway back, so that a task ends as soon as the vendor is done. \
            What is not signed as a whole is a reason to ask the vendor, and no more. VideoGen's are per account and are \
            registered once:

              soundgate webhooks register videogen --config soundgate.yaml
            """
    )
}
