import Routing
import Sound
import Testing

@Suite("Permits")
struct PermitTests {
    private let planner = Planner(providers: [provider("a"), provider("b")], preference: ["a"])

    @Test("A provider that the caller may not use is not eligible, and says why")
    func providers() {
        let plan = planner.plan(request(), permit: Permit(providers: ["b"]))
        #expect(plan.eligible.map(\.name.provider) == ["b"])
        #expect(plan.refusals("a") == ["provider not_allowed"])
        #expect(plan.candidate("a")?.call == nil)
        let named = planner.plan(request { $0.providers = ["a"] }, permit: Permit(providers: ["b"]))
        #expect(named.chosen == nil)
        #expect(named.refusals("b") == ["provider not_asked"])
    }

    @Test("A type that the caller may not ask for has no candidate")
    func types() {
        let permit = Permit(types: [.effect])
        #expect(planner.plan(request(), permit: permit).eligible.count == 2)
        let music = planner.plan(request { $0.type = .music }, permit: permit)
        #expect(music.eligible.isEmpty)
        #expect(music.refusals("a") == ["type not_allowed"])
    }

    @Test("Without a word on it everything may be used")
    func everything() {
        #expect(planner.plan(request()).eligible.count == 2)
    }
}
