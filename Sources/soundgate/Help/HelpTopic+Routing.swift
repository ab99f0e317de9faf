extension HelpTopic {
    static let routing = HelpTopic(
        name: "routing",
        summary: "which provider makes a sound, and why",
        text: """
            Each wish of a request (loop, bpm, key, duration, …) is met by an operation of a provider in one of three \
            ways:

              native    the provider has a parameter for it
              emulated  the gateway makes it so: it converts, selects, or calls again
              hint      it is written into the prompt; the provider may heed it

            --accept says the weakest that will do; without it, emulated. An operation that would be weaker is refused \
            with the reason. When nobody is left the answer is no_provider, with the reasons of each.

              soundgate plan "rain" --duration 12       # nothing is sent, nothing charged
              soundgate providers                       # fields and limits of each operation

            The order: the request's own --provider list as it stands; else the best grade first, then who can be called \
            just now, then routing.preference of the config. A task goes to the next one when a provider surely did not \
            take it, up to routing.max_attempts.

            When an answer is lost, nobody can tell whether the vendor took the job. routing.on_unknown says what follows: \
            wait for the vendor's callback (the default), fail, or resubmit, which may pay twice.
            """
    )
}
