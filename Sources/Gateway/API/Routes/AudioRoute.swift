import Assets
import HTTP
import HTTPServer
import Sound
import Tasks
import Telemetry
import Threads

extension Gateway {
    /// The audio of an output: from the folder, through the gateway from the shelf, or by an address of the shelf.
    func soundAudio(_ call: Request, _ caller: Caller) async throws -> Response {
        let record = try await record(call, caller)
        guard let index: Int = call.parameters.value("index"),
            let output = record.outputs.first(where: { $0.index == index })
        else { throw ProblemDetails.notFound("output") }
        guard let asset = output.asset, output.status == .ready else {
            throw ProblemDetails(
                .conflict,
                code: "not_ready",
                detail: "This output is \(output.status.rawValue); it has no audio."
            )
        }
        let name = Self.fileName(output, of: record, asset)
        let fields: Fields = [
            "Content-Disposition": "inline; filename=\"\(name)\"",
            "Cache-Control": "private, max-age=86400",
            "X-Content-Type-Options": "nosniff",
        ]
        let response: Response
        if let shelf = parts.store.shelf {
            response = try await self.response(call, asset, on: shelf, of: record, named: name, fields)
        } else {
            response = Response.file(
                try open(asset, of: record),
                contentType: asset.format.contentType,
                entityTag: EntityTag(asset.sha256),
                for: call,
                fields: fields
            )
        }
        switch response.status {
        case .preconditionFailed:
            throw ProblemDetails(
                .preconditionFailed,
                code: "precondition_failed",
                detail: "The audio does not meet the request's condition."
            )
        case .rangeNotSatisfiable:
            let problem = ProblemDetails(
                .rangeNotSatisfiable,
                code: "range_not_satisfiable",
                detail: "The audio has \(asset.bytes) bytes; the range lies outside."
            )
            var refusal = respond(problem)
            refusal.fields["Content-Range"] = response.fields["Content-Range"]
            return refusal
        default: return response
        }
    }

    private func open(_ asset: AssetRecord, of record: TaskRecord) throws -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(path: parts.store.path(of: asset))
        } catch {
            throw isGone(record, "\(error)")
        }
    }

    // MARK: From the shelf

    private func response(
        _ call: Request,
        _ asset: AssetRecord,
        on shelf: any AssetShelf,
        of record: TaskRecord,
        named name: String,
        _ fields: Fields
    ) async throws -> Response {
        // What the ledger knows is enough for the head: the tag is the content, and content does not change.
        var (response, range) = Response.part(
            of: asset.bytes,
            modified: nil,
            contentType: asset.format.contentType,
            entityTag: EntityTag(asset.sha256),
            for: call,
            fields: fields
        )
        guard let range else { return response }
        if Preferences(call.fields).all["proxied"] == nil,
            let address = shelf.address(of: asset, for: call.method, named: name)
        {
            // The address is a key to the audio for a time: nobody is to keep it.
            return Response(
                .temporaryRedirect,
                fields: ["Location": address, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"]
            )
        }
        do throws(ShelfError) {
            if call.method == .head {
                guard try await shelf.holds(asset) else { throw ShelfError(.missing, "it is not there") }
                response.body = .measured(asset.bytes) { _ in }
            } else if let reading = try await parts.store.reading(of: asset, range) {
                response.body = .measured(Int64(range.count), stream(reading, about: record))
            }
        } catch {
            throw refusal(error, record)
        }
        return response
    }

    private func stream(_ reading: ShelfReading, about record: TaskRecord)
        -> @Sendable (BodyWriter) async throws
        -> Void
    {
        let log = parts.log
        return { writer in
            do throws(ShelfError) {
                try await reading.write { try await writer.write($0) }
            } catch {
                let fields = Exchange.about(["task": "\(record.id)", "reason": "\(error)"])
                // A caller who hangs up is none of the store's faults.
                let isOurs = error.kind != .cancelled && error.kind != .local
                log(isOurs ? .error : .debug, "audio could not be handed on to its end", fields)
                throw error
            }
        }
    }

    private func refusal(_ error: ShelfError, _ record: TaskRecord) -> ProblemDetails {
        if error.kind == .missing { return isGone(record, "\(error)") }
        parts.log(
            .error,
            "the object store does not give an asset",
            Exchange.about(["task": "\(record.id)", "reason": "\(error)"])
        )
        return ProblemDetails(
            .serviceUnavailable,
            code: "storage_unavailable",
            detail: "The audio is kept, but cannot be read just now."
        )
    }

    private func isGone(_ record: TaskRecord, _ reason: String) -> ProblemDetails {
        parts.log(
            .error,
            "an asset is missing",
            Exchange.about(["task": "\(record.id)", "reason": "\(reason)"])
        )
        return ProblemDetails(
            .gone,
            code: "audio_gone",
            detail: "The audio of this output is no longer kept."
        )
    }

    private static func fileName(_ output: OutputRecord, of record: TaskRecord, _ asset: AssetRecord)
        -> String
    {
        let words = (output.title ?? "").lowercased().split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        let stem = words.isEmpty ? record.id.rawValue : words.joined(separator: "-")
        return "\(stem.prefix(60))-\(output.index).\(asset.format.rawValue)"
    }
}
