import Testing

/// `soundgate health`, as a container's health check runs it.
@Suite struct HealthTests {
    @Test func aReadyGatewayIsHealthyAndSaysNothing() async throws {
        try await withGateway { gateway, folder in
            for words in [["health"], ["health", "--live"]] {
                let run = try await Program.run(words + ["--server", gateway.address], in: folder)
                #expect(run.status == 0, "\(run.errors)")
                #expect(run.output.isEmpty && run.errors.isEmpty)
            }
        }
    }

    @Test func whereNobodyAnswersItIsOne() async throws {
        let port = try LoopbackPort()
        try await Folder.with { folder in
            let run = try await Program.run(["health", "--server", port.origin], in: folder)
            #expect(run.status == 1)
            #expect(run.errors.contains("no gateway answers at \(port.origin)"), "\(run.errors)")
        }
    }

    @Test func aServerThatIsNotReadyIsOneToo() async throws {
        // The doubles are alive, and know no /readyz.
        try await withDoubles(speed: 50) { doubles, folder in
            let ready = try await Program.run(["health", "--server", doubles.address], in: folder)
            #expect(ready.status == 1)
            #expect(!ready.errors.isEmpty)
        }
    }
}
