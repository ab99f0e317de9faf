import Simulation
import Testing

/// Runs of a few thousand tasks over five gateways, of which some die.
@Suite struct SimulationTests {
    private static func small(_ change: (inout Parameters) -> Void = { _ in }) -> Parameters {
        var parameters = Parameters()
        parameters.tasks = 800
        parameters.replicas = 5
        parameters.deaths = 2
        parameters.keys = 2
        parameters.places = 80
        parameters.hours = 4
        parameters.deadlineHours = 0.5
        parameters.threads = 1
        parameters.verifyEvery = 1
        change(&parameters)
        return parameters
    }

    @Test func everyRuleHoldsOverDeaths() async {
        let report = await Simulator.run(Self.small())
        #expect(report.breaches == [:], "\(report.findings)")
        #expect(report.ended == 800)
        #expect(report.takenOver > 0)
    }

    @Test func everyRuleHoldsWithARateAndWithAnswersLost() async {
        let report = await Simulator.run(
            Self.small {
                $0.tasks = 400
                $0.rate = 20
                $0.lost = 0.05
                $0.callbacks = 0.8
                $0.busy = 0.1
            }
        )
        #expect(report.breaches == [:], "\(report.findings)")
        #expect(report.ended == 400)
    }

    @Test func theSameSeedFindsTheSameOnAnyNumberOfThreads() async {
        let one = await Simulator.run(Self.small { $0.tasks = 300 })
        let two = await Simulator.run(
            Self.small {
                $0.tasks = 300
                $0.threads = 2
            }
        )
        #expect(one.findings == two.findings)
        let other = await Simulator.run(
            Self.small {
                $0.tasks = 300
                $0.seed = 2
            }
        )
        #expect(one.findings != other.findings)
    }

    @Test(arguments: [
        (Parameters.Breakage.lostClaim, Rule.nothingLost), (.secondSubmit, .submittedOnce),
        (.fastPoll, .paceKept), (.freeShares, .placesKept), (.badRest, .restsWhole),
    ])
    func aBrokenRuleIsFound(_ breakage: Parameters.Breakage, _ rule: Rule) async {
        let report = await Simulator.run(
            Self.small {
                $0.tasks = 400
                $0.lost = breakage == .secondSubmit ? 0.1 : $0.lost
                $0.breakage = breakage
            }
        )
        #expect(report.breaches[rule] ?? 0 > 0, "\(report.findings)")
    }

    @Test func aRunThatIsCutOffSaysWhatItKnows() async {
        let report = await Simulator.run(Self.small(), isInterrupted: { true })
        #expect(report.ended == 0)
        #expect(report.breaches == [:])
        #expect(report.findings.contains("cut off"))
    }
}
