import Configuration
import Testing

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("${env:A}", "a"), ("x${env:A}y${env:A}", "xaya"), ("${env:NONE:-d}", "d"), ("${env:EMPTY:-d}", "d"),
        ("${env:NONE:-}x", "x"), ("${env:A:-d}", "a"), ("${file:/run/secret}", "from file"),
        ("$${env:A}", "${env:A}"),
        ("$$", "$$"), ("$", "$"), ("a}b", "a}b"), ("${env:LOOP}", "${env:A}"), ("${env:NONE:-a:-b}", "a:-b"),
    ])
    func referencesAreReplaced(_ text: String, _ expected: String) throws {
        let configuration = try load(
            "assets:\n  directory: '\(text)'",
            environment: ["A": "a", "EMPTY": "", "LOOP": "${env:A}"],
            files: ["/run/secret": "from file\n"]
        )
        #expect(configuration.assets.directory == expected)
    }

    @Test(arguments: [
        ("${env:NONE}", "the environment variable NONE is not set; set it, or write ${env:NONE:-default}"),
        ("${vault:a/b}", "is no secret, and the vault is for secrets only; use ${env:…} or ${file:…}"),
        ("${NONE}", "has the unknown reference ${NONE}; write ${env:NONE} or ${file:PATH}"),
        ("${enf:A}", "has the unknown reference ${enf:…}; did you mean \"env\"?"),
        (
            "${secret:A}",
            "has the unknown reference ${secret:…}; use ${env:…}, ${file:…}, ${vault:…} or ${hcv:…}"
        ),
        (
            "${env:}",
            "has a reference without a proper variable name; write ${env:NAME} or ${env:NAME:-default}"
        ),
        (
            "${env:1A}",
            "has a reference without a proper variable name; write ${env:NAME} or ${env:NAME:-default}"
        ),
        (
            "${env:A-b}",
            "has a reference without a proper variable name; write ${env:NAME} or ${env:NAME:-default}"
        ),
        ("${env:A", "has a ${ without its }; close it, or write $${ for the characters ${"),
        ("${file:}", "has a ${file:} without a path; write ${file:PATH}"),
        ("${file:/none}", "the file /none cannot be read (no such file); check the path and its permissions"),
    ])
    func whatCannotBeReplacedIsAProblem(_ text: String, _ problem: String) {
        #expect(lines("assets:\n  directory: '\(text)'") == ["f.yaml:2:14: assets.directory: \(problem)"])
    }

    @Test func relativePathsBeginAtTheFilesFolder() throws {
        let text = "assets: {directory: '${file:secrets/x}'}"
        let files = ["/etc/soundgate/secrets/x": "one", "secrets/x": "two"]
        #expect(
            try load(text, fileName: "/etc/soundgate/config.yaml", files: files).assets.directory == "one"
        )
        #expect(try load(text, fileName: "config.yaml", files: files).assets.directory == "two")
    }

    @Test func numbersAndTruthValuesMayComeFromElsewhere() throws {
        let text = "server: {threads: '${env:N}'}\nproviders: {musicgpt: {enabled: '${env:B}'}}"
        let configuration = try load(text, environment: ["N": "3", "B": "false"])
        #expect(configuration.server.threads == 3)
        #expect(configuration.providers.first?.isEnabled == false)
    }

    @Test func whatAReferenceStoodForIsNeverShown() {
        let text =
            "server: {threads: '${env:X}', drain: '${env:X}'}\nlog: {level: '${env:X}'}\nclients: '${env:X}'"
        let printed = lines(text, environment: ["X": "s3cret"])
        #expect(printed.count == 4)
        #expect(
            printed.first
                == "f.yaml:1:19: server.threads: what \"${env:X}\" stands for is not an integer; write a whole number from 1 to 64"
        )
        #expect(!printed.joined().contains("s3cret"))
    }

    @Test func emptySecretsAreRefused() {
        let text = "providers: {sunoapi: {credentials: [{name: a, key: '${env:X}'}]}}"
        #expect(
            lines(text, environment: ["X": ""])
                == ["f.yaml:1:52: providers.sunoapi.credentials[0].key: is empty; give it the vendor's key"]
        )
    }
}
