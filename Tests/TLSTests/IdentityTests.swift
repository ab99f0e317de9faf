import TLS
import TLSTestSupport
import Testing

@Suite struct IdentityTests {
    /// A folder of files that are wrong in their own ways.
    private struct Files {
        let folder: TestFolder
        let authority = TestAuthority()
        let paths: (certificate: String, key: String)

        init() throws {
            folder = try TestFolder()
            paths = try folder.write(authority.identity(.loopback))
        }

        func error(_ change: (inout TLSFiles) throws -> Void) throws -> TLSFileError? {
            var files = TLSFiles(certificate: paths.certificate, privateKey: paths.key)
            try change(&files)
            do throws(TLSFileError) {
                _ = try TLSIdentity(files)
                return nil
            } catch {
                return error
            }
        }
    }

    @Test func aFileThatIsNotThereIsNamed() throws {
        let files = try Files()
        let error = try files.error { $0.certificate = "\(files.folder.path)/none.crt" }
        #expect(error?.part == .certificate)
        #expect(error?.complaint == "cannot be read (No such file or directory)")
    }

    @Test func aFolderIsNoFile() throws {
        let files = try Files()
        let error = try files.error { $0.privateKey = files.folder.path }
        #expect(error?.part == .privateKey)
        #expect(error?.complaint == "is no file")
    }

    @Test(arguments: [
        ("", "holds no certificate"), ("rain\n", "holds no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "holds a damaged certificate after 0 good ones"
        ),
    ])
    func aFileWithoutACertificateIsToldApart(_ text: String, _ complaint: String) throws {
        let files = try Files()
        let error = try files.error { $0.certificate = try files.folder.write(text, to: "bad.crt") }
        #expect(error?.complaint.hasPrefix(complaint) == true, "\(error?.description ?? "-")")
    }

    @Test func theKeyInPlaceOfTheCertificateIsSeen() throws {
        let files = try Files()
        let error = try files.error { swap(&$0.certificate, &$0.privateKey) }
        #expect(error?.complaint == "holds a private key and no certificate")
    }

    @Test func aKeyOfAnotherCertificateIsRefused() throws {
        let files = try Files()
        let other = try files.folder.write(files.authority.identity(.loopback), as: "other")
        let error = try files.error { $0.privateKey = other.key }
        #expect(error?.part == .privateKey)
        #expect(error?.complaint == "does not belong to the certificate in \(files.paths.certificate)")
    }

    @Test func aChainInTheWrongOrderIsSeen() throws {
        let files = try Files()
        let own = files.authority.identity(.loopback)
        let error = try files.error {
            $0.certificate = try files.folder.write(files.authority.pem + own.certificate, to: "chain.crt")
            $0.privateKey = try files.folder.write(own.key, to: "own.key")
        }
        #expect(error?.complaint == "does not begin with the certificate of the key")
    }

    @Test func aKeyWithAPassphraseIsToldAndNeverAskedFor() throws {
        let files = try Files()
        let error = try files.error {
            $0.privateKey = try files.folder.write(lockedKey, to: "locked.key")
        }
        #expect(error?.complaint == "is locked with a passphrase")
    }

    @Test func aWholeChainIsSent() throws {
        let files = try Files()
        let own = files.authority.identity(.loopback)
        let error = try files.error {
            $0.certificate = try files.folder.write(own.certificate + files.authority.pem, to: "chain.crt")
            $0.privateKey = try files.folder.write(own.key, to: "own.key")
        }
        #expect(error == nil)
    }

    @Test(arguments: [
        (-86_400, -3600, "holds a certificate whose time is over"),
        (3600, 86_400, "holds a certificate whose time is yet to come"),
        (-3600, 3 * 86_400 + 60, "holds a certificate that ends within 4 days"),
    ])
    func aDateIsAWarningOnly(_ begins: Int, _ ends: Int, _ complaint: String) throws {
        let files = try Files()
        let paths = try files.folder.write(
            files.authority.identity(.loopback.during(begins, ends)),
            as: "dated"
        )
        let identity = try TLSIdentity(TLSFiles(certificate: paths.certificate, privateKey: paths.key))
        #expect(identity.warnings.map(\.part) == [.certificate])
        #expect(identity.warnings.first?.complaint.hasPrefix(complaint) == true, "\(identity.warnings)")
    }

    @Test(arguments: [(UInt32(0o644), "has mode 644"), (0o640, "has mode 640"), (0o604, "has mode 604")])
    func aKeyThatOthersMayReadIsAWarning(_ mode: UInt32, _ complaint: String) throws {
        let files = try Files()
        let own = files.authority.identity(.loopback)
        let identity = try TLSIdentity(
            TLSFiles(
                certificate: try files.folder.write(own.certificate, to: "own.crt"),
                privateKey: try files.folder.write(own.key, to: "own.key", mode: mode)
            )
        )
        #expect(identity.warnings.map(\.part) == [.privateKey])
        #expect(identity.warnings.first?.complaint.hasPrefix(complaint) == true)
    }

    @Test func nothingIsWarnedOfWithoutCause() throws {
        #expect(try Setting().identity.warnings.isEmpty)
    }

    // MARK: Reloading

    @Test func newHandshakesSeeNewFilesAndOldSessionsGoOn() throws {
        let setting = try Setting()
        let before = Pair(setting.identity, setting.offer)
        before.talk()
        let second = setting.authority.identity(.loopback)
        let paths = try setting.folder.write(second)
        try setting.identity.reload(TLSFiles(certificate: paths.certificate, privateKey: paths.key))
        let after = Pair(setting.identity, setting.offer)
        after.talk()
        #expect(after.client.peerFingerprint == second.fingerprint)
        #expect(before.client.peerFingerprint != second.fingerprint)
        try before.say([1])
        #expect(before.talk() == [1])
    }

    @Test func aBadPairChangesNothing() throws {
        let setting = try Setting()
        let other = setting.authority.identity(.loopback)
        let key = try setting.folder.write(other.key, to: "tls.key")
        #expect(throws: TLSFileError.self) {
            try setting.identity.reload(
                TLSFiles(certificate: "\(setting.folder.path)/tls.crt", privateKey: key)
            )
        }
        let pair = Pair(setting.identity, setting.offer)
        pair.talk()
        #expect(pair.client.isOpen)
    }

    // MARK: Names

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST", true), ("127.0.0.1", true), ("::1", true), ("a.localhost", false),
        ("127.0.0.2", false), ("example.com", false), ("", false), ("api.sounds.example", true),
        ("a.b.sounds.example", false), ("sounds.example", false),
    ])
    func itSpeaksForTheNamesOfItsCertificate(_ host: String, _ covers: Bool) throws {
        let folder = try TestFolder()
        var subject = TestAuthority.Subject.loopback
        subject.names.append("DNS:*.sounds.example")
        let paths = try folder.write(TestAuthority().identity(subject))
        let identity = try TLSIdentity(TLSFiles(certificate: paths.certificate, privateKey: paths.key))
        #expect(identity.covers(host) == covers)
    }
}

private let lockedKey = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjy4EMQ5WIQ0gICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEKCqmLVVTZVg5SK2KmhbYKUEgZDt
    -----END ENCRYPTED PRIVATE KEY-----

    """
