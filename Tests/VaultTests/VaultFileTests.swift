import Crypto
import Glibc
import Testing
import Threads
import Vault

@Suite struct VaultFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        var template = Array("/tmp/soundgate-vault-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { remove(path) }
        try body(path)
    }

    private func remove(_ folder: String) {
        for name in names(in: folder) where unlink("\(folder)/\(name)") != 0 { remove("\(folder)/\(name)") }
        rmdir(folder)
    }

    private func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private func mode(of path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    private func faultOfReading(_ path: String) -> VaultFileError.Reason? {
        do throws(VaultFileError) {
            _ = try VaultFile(path: path).read()
            return nil
        } catch {
            return error.reason
        }
    }

    private func faultOfCreating(_ path: String, _ vault: SealedVault) -> VaultFileError.Reason? {
        do throws(VaultFileError) {
            try VaultFile(path: path).create(vault)
            return nil
        } catch {
            return error.reason
        }
    }

    private func faultOfUpdating(_ path: String) throws -> VaultFileError.Reason? {
        do {
            try VaultFile(path: path).update { $0 }
            return nil
        } catch let error as VaultFileError {
            return error.reason
        }
    }

    @Test func aNewFileIsItsOwnersAloneAndIsReadAgain() throws {
        try withFolder { folder in
            let file = VaultFile(path: "\(folder)/data/deep/vault.sealed")
            let vault = try sample().sealed
            try file.create(vault)
            #expect(try file.read() == vault)
            #expect(mode(of: file.path) == 0o600)
            #expect(mode(of: "\(folder)/data") == 0o700)
            #expect(names(in: "\(folder)/data/deep") == ["vault.sealed"])
            #expect(faultOfCreating(file.path, vault) == .exists)
        }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o622, 0o601, 0o4666] as [mode_t])
    func aFileThatIsOpenToOthersIsRefused(_ mode: mode_t) throws {
        try withFolder { folder in
            let file = VaultFile(path: "\(folder)/vault.sealed")
            try file.create(try sample().sealed)
            chmod(file.path, mode)
            #expect(faultOfReading(file.path) == .open(mode: mode))
            #expect(try faultOfUpdating(file.path) == .open(mode: mode))
            chmod(file.path, 0o400)
            #expect(faultOfReading(file.path) == nil)
        }
    }

    @Test func whatIsNoFileIsRefused() throws {
        try withFolder { folder in
            #expect(faultOfReading("\(folder)/none") == .missing)
            #expect(faultOfReading(folder) == .notAFile)
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
            #expect(faultOfReading("\(folder)/pipe") == .notAFile)
            #expect(try faultOfUpdating("\(folder)/none/vault") == .missing)
            #expect(symlink("nowhere", "\(folder)/link") == 0)
            let vault = try sample().sealed
            #expect(faultOfCreating("\(folder)/link", vault) == .exists)
        }
    }

    @Test func aLinkStaysALink() throws {
        try withFolder { folder in
            let file = VaultFile(path: "\(folder)/vault.sealed")
            try file.create(try sample().sealed)
            #expect(symlink("vault.sealed", "\(folder)/link") == 0)
            let other = try sample(["x": "y"]).sealed
            try VaultFile(path: "\(folder)/link").update { _ in other }
            #expect(try file.read() == other)
            #expect(names(in: folder) == ["link", "vault.sealed"])
            #expect(mode(of: file.path) == 0o600)
        }
    }

    /// A crash is a stop between two steps: nothing is tidied up.
    @Test(arguments: 0...FileReplacement.Step.allCases.count)
    func aCrashLeavesTheOldFileOrTheNewOneWhole(_ steps: Int) throws {
        try withFolder { folder in
            let file = VaultFile(path: "\(folder)/vault.sealed")
            let old = try sample().sealed
            let new = try sample(["new": "value"]).sealed
            try file.create(old)
            var replacement = FileReplacement(of: file.path, with: new.bytes, like: nil)
            for step in FileReplacement.Step.allCases.prefix(steps) { try replacement.perform(step) }
            let isRenamed = FileReplacement.Step.allCases.prefix(steps).contains(.rename)
            #expect(try file.read() == (isRenamed ? new : old))
            // Whatever was left behind is in nobody's way.
            let last = try sample(["last": "value"]).sealed
            try file.update { _ in last }
            #expect(try file.read() == last)
            #expect(names(in: folder) == ["vault.sealed"])
        }
    }

    @Test func aWriteThatFailsLeavesTheOldFileAlone() throws {
        struct Refusal: Error {}
        try withFolder { folder in
            let file = VaultFile(path: "\(folder)/vault.sealed")
            let old = try sample().sealed
            try file.create(old)
            #expect(throws: Refusal.self) { try file.update { _ in throw Refusal() } }
            // A folder of that name cannot be replaced by a file.
            #expect(mkdir("\(folder)/vault.sealed.new", 0o700) == 0)
            #expect(throws: VaultFileError.self) { try file.update { $0 } }
            #expect(try file.read() == old)
        }
    }

    @Test func writersTakeTurns() async throws {
        var template = Array("/tmp/soundgate-vault-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { remove(folder) }
        let file = VaultFile(path: "\(folder)/vault.sealed")
        try file.create(try sample([:]).sealed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    try file.update { sealed in
                        var vault = try UnlockedVault(sealed, keys: [VaultKey(rawText)])
                        try vault.set(name("entry-\(index)"), to: value("\(index)"), at: time)
                        return vault.sealed
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try file.read().names.count == 8)
    }

    @Test func everyFaultSaysWhatToDo() {
        let reasons: [VaultFileError.Reason] = [
            .missing, .exists, .notAFile, .tooLarge, .open(mode: 0o644), .foreign(owner: 7), .busy,
            .system(SystemError("read", code: EIO)), .content(.damaged),
        ]
        let lines = reasons.map { VaultFileError("data/vault.sealed", $0).description }
        #expect(Set(lines).count == lines.count)
        #expect(lines.allSatisfy { $0.hasPrefix("the vault data/vault.sealed ") && $0.contains("; ") })
        #expect(lines[4].contains("(mode 0644); chmod 600 data/vault.sealed"))
    }
}
