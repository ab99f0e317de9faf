extension HelpTopic {
    static let config = HelpTopic(
        name: "config",
        summary: "the configuration file, and how it is changed while the gateway runs",
        text: """
            Everything can be left out: then the gateway listens on 127.0.0.1:8080, keeps its state under ./data, asks \
            for no key, and has the built-in synthesizer as its only provider. "soundgate init" writes a file by asking.

              soundgate init                            # a commented soundgate.yaml
              soundgate config check soundgate.yaml     # every problem, with its place
              soundgate serve --config soundgate.yaml

            The file is YAML. Unknown keys are errors, with the nearest word. Values may come from elsewhere:

              ${env:NAME}              an environment variable, which must be set
              ${env:NAME:-default}     the same, or the default when it is not
              ${file:PATH}             a file's text; PATH begins at this file's folder
              ${vault:NAME}            a secret of the sealed vault
              ${hcv:MOUNT/PATH#FIELD}  a field of HashiCorp Vault or OpenBao

            A running gateway reads the file again on SIGHUP, and by itself when it, the vault or a file that it names \
            was changed. It is taken up whole or not at all; the log names what changed and what needs a restart.

            config/soundgate.example.yaml is complete and commented. "soundgate config schema" prints a JSON Schema, \
            which lets an editor complete and check the file.
            """
    )
}
