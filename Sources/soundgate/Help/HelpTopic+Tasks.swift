extension HelpTopic {
    static let tasks = HelpTopic(
        name: "tasks",
        summary: "the life of a task, from the request to its removal",
        text: """
            A create is answered with a task. A 202 means that it is on disk: whatever happens to the process, it ends.

              queued     waits for a place at a provider
              running    a provider has it, or its audio is being fetched
              succeeded  at least one take is there
              failed     none is; "error" says why, who has to act, and if a retry helps
              canceled   somebody wanted it no more

            A task's attempts are the calls that were made for it, each with its provider, the name of its key, and its \
            price. Takes that could not be had stay in its outputs, as failed.

              soundgate sound "soft rain" --loop -o rain.wav      # waits, shows progress
              curl -s localhost:8080/v1/sounds/ID -H 'Prefer: wait=30'
              curl -sN localhost:8080/v1/sounds/ID/events
              curl -s -X POST localhost:8080/v1/sounds/ID/cancel

            Without a --deadline a task may take routing.deadline, 15 minutes. An Idempotency-Key makes a create safe to \
            repeat for a day. Ended tasks and their audio are removed after assets.retention, 30 days.

            "soundgate doctor" holds the ledger and the audio against each other while the gateway is stopped.
            """
    )
}
