import Simulation
import Testing

@Suite struct OptionTableTests {
    @Test func optionsSetParameters() throws {
        let asked = try OptionTable.parameters([
            "--tasks", "1_000", "--replicas=7", "--seed", "42", "--deaths", "3", "--hours", "1.5",
            "--break", "lost-claim",
        ])
        let parameters = try #require(asked)
        #expect(parameters.tasks == 1000)
        #expect(parameters.replicas == 7)
        #expect(parameters.seed == 42)
        #expect(parameters.deaths == 3)
        #expect(parameters.hours == 1.5)
        #expect(parameters.breakage == .lostClaim)
    }

    @Test func noOptionLeavesTheDefaults() throws {
        #expect(try OptionTable.parameters([]) == Parameters())
        #expect(Parameters().problem == nil)
    }

    @Test func helpNamesEveryOption() throws {
        #expect(try OptionTable.parameters(["--tasks", "5", "--help"]) == nil)
        for name in ["tasks", "replicas", "seed", "deaths", "hours", "break", "help"] {
            #expect(OptionTable.help.contains("--\(name)"))
        }
    }

    @Test(arguments: [
        ["--task", "5"], ["--tasks"], ["--tasks", "many"], ["--tasks", "0"], ["--lost", "2"],
        ["--hours", "nan"],
        ["--replicas", "1", "--deaths", "1"], ["--break", "nothing"], ["--commit", "1"],
    ])
    func whatCannotBeSimulatedIsRefused(_ words: [String]) {
        #expect(throws: OptionTable.Refusal.self) { try OptionTable.parameters(words) }
    }
}
