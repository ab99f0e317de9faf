import JSON
import Testing

/// `soundgate usage`, against a gateway that has done something.
@Suite struct UsageCommandTests {
    @Test func aTableAddsUpByWhateverIsAskedFor() async throws {
        try await withGateway { gateway, folder in
            for _ in 0..<2 {
                let made = try await Program.run(
                    [
                        "sound", "bell", "--duration=0.5", "-o", "bell.wav", "--force", "--server",
                        gateway.address,
                    ],
                    in: folder
                )
                #expect(made.status == 0, "\(made.errors)")
            }
            let run = try await Program.run(["usage", "--server", gateway.address], in: folder)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains(/From \d{4}-\d\d-\d\d 00:00 to \d{4}-\d\d-\d\d \d\d:00, UTC\n/))
            #expect(
                run.output.contains(/builtin +procedural +2 +2 +0 +0 +0 +2 +2 +1 s +-\n/),
                "\(run.output)"
            )
            #expect(!run.output.contains("\u{1B}"))

            let days = try await Program.run(
                ["usage", "--by", "day,client", "--server", gateway.address],
                in: folder
            )
            #expect(days.output.contains(#/\n\d{4}-\d\d-\d\d +- +2 /#), "\(days.output)")
            let none = try await Program.run(
                ["usage", "--to", "2020-01-01", "--server", gateway.address],
                in: folder
            )
            #expect(none.output.contains("Nothing was used."))
        }
    }

    @Test func machinesGetTheGatewaysOwnAnswer() async throws {
        try await withGateway { gateway, folder in
            let words = ["usage", "--by=month", "--provider", "builtin", "--server", gateway.address]
            let json = try await Program.run(words + ["--json"], in: folder)
            #expect(try JSONValue(parsing: json.output)["interval"] == "month")
            let csv = try await Program.run(words + ["--csv"], in: folder)
            #expect(csv.status == 0, "\(csv.errors)")
            #expect(csv.output.hasPrefix("start,provider,operation,client,tasks,"))
            #expect(csv.output.hasSuffix("\r\n"))
            let both = try await Program.run(words + ["--csv", "--json"], in: folder)
            #expect(both.status == 64)
        }
    }

    @Test(arguments: ["day,hour", "week", "client,client", ""])
    func whatARowIsAboutMustBeClear(_ list: String) async throws {
        try await Folder.with { folder in
            let run = try await Program.run(["usage", "--by=\(list)"], in: folder)
            #expect(run.status == 64)
            #expect(run.errors.contains("--by takes one of hour, day and month"))
        }
    }

    @Test func theGatewaysComplaintsAreShown() async throws {
        try await withGateway { gateway, folder in
            for form in [[], ["--csv"], ["--json"]] {
                let run = try await Program.run(
                    ["usage", "--from", "yesterday", "--to=x y", "--server", gateway.address] + form,
                    in: folder
                )
                #expect(run.status == 64)
                #expect((run.errors + run.output).contains("from must be a date such as"))
                #expect((run.errors + run.output).contains("to must be a date such as"))
            }
        }
    }
}
