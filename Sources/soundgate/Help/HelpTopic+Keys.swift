extension HelpTopic {
    static let keys = HelpTopic(
        name: "keys",
        summary: "vendors' keys, clients' keys, and how they are changed",
        text: """
            A vendor's key is what the gateway pays with. It stands in no config file as it is: it comes from the \
            environment, from a file, from the sealed vault, or from HashiCorp Vault.

              soundgate vault init --config soundgate.yaml --key-file secrets/vault.key
              soundgate vault set suno/main --config soundgate.yaml    # asks, without echo
              # in the file:  credentials: [ { name: main, key: "${vault:suno/main}" } ]

            The vault is one sealed file, and its own key another. Keep copies of the two apart. No command shows a \
            secret.

            A provider may have several keys. Tasks are spread over them, within max_concurrent and rate_limit of each; \
            one that the vendor refuses is set aside until it is another one.

            To change a vendor's key, change it where it is kept. New calls go out with the new one at once, tasks under \
            way end on the old one. "soundgate providers --json" tells by tasks_on_old_key when it can be revoked.

            A client's key is what a caller shows. The config holds its digest only:

              soundgate client new game-team --expires 90d

            prints the key once, and the line for the config. Callers send "Authorization: Bearer KEY"; this program \
            sends --client-key or $SOUNDGATE_KEY. A gateway that listens on more than loopback wants clients, or \
            "clients: open".
            """
    )
}
