import Providers
import Sound
import Testing

@Suite("The built-in synthesizer as a provider")
struct BuiltinTests {
    private func renderer() throws -> (Operation, any SoundRendering) {
        let operation = try #require(catalog.first { $0.id == "builtin" }?.operations.first)
        guard case .rendered(let renderer) = operation.delivery else {
            throw SubmitError.unknown("builtin does not render")
        }
        return (operation, renderer)
    }

    private func order(_ request: SoundRequest) -> Order {
        let name = RouteName(provider: "builtin", operation: "procedural")
        return Order(
            request,
            route: Route(
                name: name,
                model: nil,
                prompt: request.prompt ?? "",
                fulfilment: [:],
                estimatedCost: nil
            ),
            takes: request.variations
        )
    }

    @Test("rendering is repeatable and free")
    func repeatable() throws {
        let (operation, _) = try renderer()
        #expect(operation.isRepeatable)
        #expect(operation.estimate(SoundRequest(prompt: "x"))?.amount == 0)
    }

    @Test("there are as many takes as variations, one without")
    func takes() throws {
        let (_, renderer) = try renderer()
        var request = SoundRequest(prompt: "rain")
        #expect(renderer.takes(order(request)) == 1)
        request.variations = 3
        #expect(renderer.takes(order(request)) == 3)
    }

    @Test("a take has the asked length, and the same seed makes the same frames")
    func frames() throws {
        let (_, renderer) = try renderer()
        var request = SoundRequest(prompt: "rain")
        request.duration = 1
        request.seed = 7
        func render(_ request: SoundRequest, take: Int, seed: UInt64) -> [Float] {
            var source = renderer.source(order(request), take: take, seed: seed)
            var (all, block): ([Float], [Float]) = ([], [])
            while case let frames = source.render(into: &block, frames: 1000), frames > 0 {
                all += block.prefix(frames * 2)
            }
            #expect(all.count == source.frameCount * 2)
            return all
        }
        let first = render(request, take: 0, seed: 1)
        #expect(first.count == 44_100 * 2)
        #expect(first == render(request, take: 0, seed: 2))
        #expect(first != render(request, take: 1, seed: 1))
        request.seed = nil
        #expect(render(request, take: 0, seed: 1) != render(request, take: 0, seed: 2))
    }
}
