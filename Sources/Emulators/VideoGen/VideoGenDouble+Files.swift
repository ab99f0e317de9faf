import HTTP
import HTTPServer
import JSON
import Telemetry

extension VideoGenDouble {
    func addFileRoutes(to router: inout Router) {
        router.on(.get, "/\(name)/v1/files/{id}") { [self] request in
            await exchange.answer(request, as: .file, about: subject(file: request)) { file($0, nil) }
        }
        router.on(.post, "/\(name)/v1/files/{id}/hydrate") { [self] request in
            await exchange.answer(request, as: .file, about: subject(file: request), hydrate)
        }
        router.on(.get, "/\(name)/signed/{file}") { [self] request in
            await exchange.answer(request, as: .asset, about: subject(file: request), serve)
        }
    }

    /// The file's execution.
    private func subject(file request: Request) -> CallSubject {
        let id = fileID(request)
        return CallSubject(task: VideoGenJob.file(id).map { "vg_exec_\($0.root)" })
    }

    private func fileID(_ request: Request) -> String {
        if let id = request.parameters["id"] { return id }
        let name = request.parameters["file"] ?? ""
        return name.hasSuffix(".mp3") ? String(name.dropLast(4)) : name
    }

    /// The execution and the number of a file that is there by now.
    private func find(_ call: VendorCall) -> (job: VideoGenJob, index: Int)? {
        guard let (root, index) = VideoGenJob.file(fileID(call.request)), let job = books.job(root),
            index < job.request.count, job.status(at: call.time) == .succeeded
        else { return nil }
        return (job, index)
    }

    /// The file without links, or with those and its size.
    private func file(_ call: VendorCall, _ links: (VideoGenBody.Links, bytes: Int64)?) -> VendorAnswer {
        answer(call) { (key) throws(VideoGenRefusal) in
            guard VideoGenJob.file(fileID(call.request)) != nil else { throw .invalidID }
            guard let (job, index) = find(call), job.key == key else { throw .notFound }
            let body = VideoGenBody(job: job, links: links?.0)
            return good(body.file(index, bytes: links?.bytes), links == nil ? "told" : "hydrated")
        }
    }

    /// The file's size is told, so it is rendered now.
    private func hydrate(_ call: VendorCall) async -> VendorAnswer {
        guard let (job, index) = find(call) else { return file(call, nil) }
        do {
            let size = try await assets.shelf.file(job.audioName(index), job.specification(index)).size
            return file(call, (links(books.settings, at: call.time), size))
        } catch {
            let refusal = VideoGenRefusal(500, "internal_error", "The file could not be made.")
            return identified(VendorAnswer(response: refusal.response, outcome: "failed"))
        }
    }

    /// Serves a file to whoever has a link that still holds.
    private func serve(_ call: VendorCall) async -> VendorAnswer {
        let query = call.request.target.query
        let isValid = links.isValid(
            fileID(call.request),
            expires: query["expires"],
            signature: query["signature"],
            at: time.date(at: call.time).milliseconds / 1000
        )
        guard isValid else { return assets.refusal(.forbidden, "AccessDenied", outcome: "link refused") }
        let found = find(call)
        return await assets.answer(
            call,
            name: found?.job.audioName(found?.index ?? 0) ?? "",
            found?.job.specification(found?.index ?? 0),
            refusesCredentials: books.settings.refusesAssetCredentials
        )
    }
}
