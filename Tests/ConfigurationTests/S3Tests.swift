import Configuration
import Crypto
import Testing

@Suite("Audio in an object store")
struct S3Tests {
    private static let credentials = "access_key_id: \"${env:ID}\", secret_access_key: \"${vault:s3/secret}\""

    private func loaded(_ section: String) throws -> GatewayConfiguration {
        try load(
            "vault: { file: v, key: k }\nassets: { s3: { \(section) } }\n",
            environment: ["ID": "id", "TOKEN": "token"],
            vault: TestVault(file: "v", key: "k", entries: ["s3/secret": "sealed"])
        )
    }

    @Test func littleIsNeeded() throws {
        let store = try #require(
            try loaded("region: eu-central-1, bucket: sounds, \(Self.credentials)").assets.s3
        )
        #expect(store.address == "https://s3.eu-central-1.amazonaws.com")
        #expect(store.style == .virtualHost)
        #expect(store.accessKeyID.reveal { $0 } == "id")
        #expect(store.secretAccessKey.reveal { $0 } == "sealed")
        #expect(store.sessionToken == nil)
    }

    @Test(
        "a mistake is named with its place, and no secret is",
        arguments: [
            ("bucket: sounds", "assets.s3.region", "is missing"),
            ("region: r", "assets.s3.bucket", "is missing"),
            ("region: r, bucket: Sounds", "assets.s3.bucket", "is not a bucket's name"),
            ("region: r, bucket: ab", "assets.s3.bucket", "is not a bucket's name"),
            ("region: r, bucket: a.b", "assets.s3.bucket", "has a dot"),
            (
                "region: r, bucket: sounds, endpoint: \"http://10.0.0.1:9000\"", "assets.s3.endpoint",
                "is an address"
            ),
            (
                "region: r, bucket: sounds, endpoint: \"http://[::1]:9000\"", "assets.s3.endpoint",
                "is an address"
            ),
            (
                "region: r, bucket: sounds, endpoint: minio", "assets.s3.endpoint",
                "is not an http or https URL"
            ),
            ("region: r, bucket: sounds, prefix: /audio", "assets.s3.prefix", "is no beginning of a key"),
            ("region: r, bucket: sounds, prefix: a/../b", "assets.s3.prefix", "is no beginning of a key"),
            ("region: r, bucket: sounds, style: host", "assets.s3.style", "is not a style"),
            ("region: r, bucket: sounds, deliver: both", "assets.s3.deliver", "is not a way of delivery"),
            ("region: r, bucket: sounds, part_size: 1MiB", "assets.s3.part_size", "is out of range"),
            ("region: r, bucket: sounds, presign_for: 8d", "assets.s3.presign_for", "is out of range"),
            ("region: r, bucket: sounds, removal: nobody", "assets.s3.removal", "is not who removes audio"),
            ("region: r, bucket: sounds, session_token: \"x y\"", "assets.s3.session_token", "holds spaces"),
        ]
    )
    func mistakes(_ section: String, _ place: String, _ complaint: String) throws {
        do {
            _ = try loaded("\(section), \(Self.credentials)")
            Issue.record("it was taken")
        } catch let problems as ConfigurationProblems {
            let text = problems.description
            #expect(text.contains(place), "\(text)")
            #expect(text.contains(complaint), "\(text)")
            #expect(!text.contains("sealed") && !text.contains("x y"))
        }
    }

    @Test(arguments: [
        ("style: path, endpoint: \"http://10.0.0.1:9000\"", "bucket: sounds"),
        ("style: path", "bucket: a.b"), ("endpoint: \"http://minio:9000\"", "bucket: a.b"),
    ])
    func whatFitsTogetherIsTaken(_ more: String, _ bucket: String) throws {
        #expect(try loaded("region: r, \(bucket), \(more), \(Self.credentials)").assets.s3 != nil)
    }

    // MARK: Reload

    private func decision(_ old: String, _ new: String) throws -> (
        taken: [String], waiting: [String], next: S3Configuration?
    ) {
        let (old, new) = (try loaded(old), try loaded(new))
        switch ReloadDecision(running: old, read: new, adapters: adapters) {
        case .unchanged(let waiting): return ([], waiting.map(\.description), old.assets.s3)
        case .refused(let problem): return (["refused: \(problem)"], [], nil)
        case .take(let next, let taken, let waiting):
            return (taken.map(\.description), waiting.map(\.description), next.assets.s3)
        }
    }

    @Test func secretsAndMannersAreTakenUpLive() throws {
        let old = "region: r, bucket: sounds, \(Self.credentials)"
        let new =
            "region: r, bucket: sounds, access_key_id: other, secret_access_key: x, session_token: \"${env:TOKEN}\", "
            + "deliver: redirect, presign_for: 1m, removal: bucket"
        let changed = try decision(old, new)
        #expect(changed.waiting == [])
        #expect(
            changed.taken == [
                "assets.s3.access_key_id changed", "assets.s3.secret_access_key changed",
                "assets.s3.session_token added", "assets.s3.deliver changed", "assets.s3.presign_for changed",
                "assets.s3.removal changed",
            ]
        )
        #expect(changed.next?.deliver == .redirect)
    }

    @Test func anotherPlaceWaitsForARestart() throws {
        let old = "region: r, bucket: sounds, \(Self.credentials)"
        let changed = try decision(old, "region: q, bucket: others, deliver: redirect, \(Self.credentials)")
        #expect(changed.taken == ["assets.s3.deliver changed"])
        #expect(changed.waiting == ["assets.s3.region changed", "assets.s3.bucket changed"])
        #expect(changed.next?.bucket == "sounds")
    }

    @Test func aStoreComesAndGoesWithARestart() throws {
        let text = "assets: { s3: { region: r, bucket: sounds, access_key_id: a, secret_access_key: b } }\n"
        let (with, without) = (try load(text), try load("assets: {}\n"))
        for (old, new, kind) in [(without, with, "added"), (with, without, "removed")] {
            guard case .unchanged(let waiting) = ReloadDecision(running: old, read: new, adapters: adapters)
            else {
                Issue.record("it was taken up")
                continue
            }
            #expect(waiting.map(\.description) == ["assets.s3 \(kind)"])
        }
    }
}
