package import HTTP

/// Finds the handler of a request by method and path.
///
/// Filled at start, then only read. It answers by itself: 404 for a path nobody has, 405 with `Allow` for a method
/// nobody has there, `OPTIONS` with `Allow`, and `HEAD` through the `GET` handler.
package struct Router: Sendable {
    private var root = RouteNode()
    /// Routes without parameters, by their whole path: one look-up instead of a walk.
    private var exact: [String: [RouteNode.Route]] = [:]
    private var methods: [Method] = []
    private let renderProblem: ProblemRenderer

    /// A router without routes.
    package init(renderProblem: @escaping ProblemRenderer = plainProblem) {
        self.renderProblem = renderProblem
    }

    /// Answers a method at a pattern such as `/v1/sounds/{id}`; a second handler for the same replaces the first.
    package mutating func on(_ method: Method, _ pattern: String, _ handler: @escaping Handler) {
        precondition(pattern.first == "/", "a route's pattern begins with a slash: \(pattern)")
        let segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map {
            String($0)
        }
        let names = segments.compactMap(RouteNode.parameterName)
        let route = RouteNode.Route(method: method, pattern: pattern, names: names, handler: handler)
        root.add(route, at: segments[...])
        if names.isEmpty {
            exact[pattern, default: []].removeAll { $0.method == method }
            exact[pattern, default: []].append(route)
        }
        if !methods.contains(method) { methods.append(method) }
    }

    /// Answers a request, in process or from a connection; the response tells the route's pattern.
    package func respond(to request: Request) async -> Response {
        if request.target.isAsterisk { return options(methods) }
        var values: [String] = []
        guard let routes = exact[request.target.path] ?? root.match(request.target.segments[...], &values)
        else {
            return problem(.notFound, "not_found", "There is nothing at this path.")
        }
        guard let route = route(for: request.method, in: routes) else {
            return methodNotAllowed(request.method, routes)
        }
        var request = request
        if !values.isEmpty { request.parameters = PathParameters(names: route.names, values: values) }
        var response = await route.handler(request)
        response.route = route.pattern
        return response
    }

    /// Answers a request made by hand, as a client would see it; for tests.
    package func respond(
        to method: Method,
        _ target: String,
        fields: Fields = [:],
        body: [UInt8] = []
    ) async -> Response {
        guard let request = Request(method, target, fields: fields, body: body) else {
            return problem(.badRequest, "bad_request", "malformed request target")
        }
        return await respond(to: request)
    }

    private func route(for method: Method, in routes: [RouteNode.Route]) -> RouteNode.Route? {
        if let route = routes.first(where: { $0.method == method }) { return route }
        return method == .head ? routes.first { $0.method == .get } : nil
    }

    private func methodNotAllowed(_ method: Method, _ routes: [RouteNode.Route]) -> Response {
        let allowed = routes.map(\.method)
        var response =
            method == .options
            ? options(allowed)
            : problem(.methodNotAllowed, "method_not_allowed", "This path does not know the method.")
        response.fields["Allow"] = Router.allow(allowed)
        response.route = routes.first?.pattern
        return response
    }

    private func options(_ allowed: [Method]) -> Response {
        Response(.noContent, fields: ["Allow": Router.allow(allowed)])
    }

    private static func allow(_ methods: [Method]) -> String {
        var names = Set(methods.map(\.rawValue))
        if names.contains("GET") { names.insert("HEAD") }
        names.insert("OPTIONS")
        return names.sorted().joined(separator: ", ")
    }

    private func problem(_ status: Status, _ code: String, _ detail: String) -> Response {
        let rendered = renderProblem(ProblemDetails(status, code: code, detail: detail))
        return Response(status, contentType: rendered.contentType, rendered.bytes)
    }
}
