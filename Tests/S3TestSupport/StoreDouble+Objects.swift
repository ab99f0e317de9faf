import Crypto
import Glibc
import HTTP
import HTTPServer
import S3
import Threads

/// What the double does when everything is in order.
extension StoreDouble {
    func work(_ request: Request, _ body: [UInt8]) -> Response {
        let segments = request.target.segments
        guard segments.first == Self.bucket else { return Self.error(404, "NoSuchBucket") }
        let key = segments.dropFirst().joined(separator: "/")
        let query = request.target.query
        let names = Set(query.names)
        switch request.method {
        case .get where key.isEmpty: return list(query)
        case .get, .head: return object(key, request)
        case .put where names.contains("uploadId"): return part(query, body)
        case .put: return put(key, request, body)
        case .post where names.contains("uploads"): return create(key, request)
        case .post where names.contains("uploadId"): return complete(key, query, body)
        case .delete where names.contains("uploadId"):
            let upload = state.withLock { $0.uploads.removeValue(forKey: query["uploadId"] ?? "") }
            return upload == nil ? Self.error(404, "NoSuchUpload") : Response(.noContent)
        case .delete:
            state.withLock { _ = $0.objects.removeValue(forKey: key) }
            return Response(.noContent)
        default: return Self.error(405, "MethodNotAllowed")
        }
    }

    private func list(_ query: QueryParameters) -> Response {
        let prefix = query["prefix"] ?? ""
        let after = query["continuation-token"] ?? ""
        let most = query["max-keys"].flatMap { Int($0) } ?? 1000
        let found = objects.filter { $0.key.hasPrefix(prefix) && $0.key > after }.sorted { $0.key < $1.key }
        let shown = found.prefix(most)
        var text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        text += "<Name>\(Self.bucket)</Name><Prefix>\(prefix)</Prefix>"
        for (key, object) in shown {
            text += "<Contents><Key>\(key)</Key><LastModified>\(Self.iso(object.modified))</LastModified>"
            text += "<ETag>&quot;x&quot;</ETag><Size>\(object.bytes.count)</Size></Contents>"
        }
        let isCut = found.count > shown.count
        text += "<IsTruncated>\(isCut)</IsTruncated>"
        if isCut, let last = shown.last {
            text += "<NextContinuationToken>\(last.key)</NextContinuationToken>"
        }
        return Response(.ok, contentType: "application/xml", Array("\(text)</ListBucketResult>".utf8))
    }

    private static func iso(_ seconds: Int64) -> String {
        let text = "\(AmzTimestamp(secondsSinceEpoch: seconds))"
        let digits = Array(text)
        let part = { (range: Range<Int>) in String(digits[range]) }
        return
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15)).000Z"
    }

    private func object(_ key: String, _ request: Request) -> Response {
        guard let object = objects[key] else {
            return request.method == .head ? Response(.notFound) : Self.error(404, "NoSuchKey")
        }
        let query = request.target.query
        var fields: Fields = ["ETag": "\"x\""]
        if let sha256 = object.sha256 { fields["x-amz-meta-sha256"] = sha256 }
        for name in ["content-disposition", "cache-control"] { fields[name] = query["response-\(name)"] }
        var (response, range) = Response.part(
            of: Int64(object.bytes.count),
            modified: HTTPDate(secondsSinceEpoch: object.modified),
            contentType: query["response-content-type"] ?? object.type,
            entityTag: nil,
            for: request,
            fields: fields
        )
        guard let range else { return Self.error(416, "InvalidRange") }
        response.body = .bytes(Array(object.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        return response
    }

    private func put(_ key: String, _ request: Request, _ body: [UInt8]) -> Response {
        let checksum = Base64.standard.encode(SHA256.hash(body).bytes)
        if let told = request.fields["x-amz-checksum-sha256"], told != checksum {
            return Self.error(400, "BadDigest")
        }
        let object = Object(
            bytes: body,
            type: request.fields["content-type"] ?? "",
            sha256: request.fields["x-amz-meta-sha256"],
            modified: Self.now
        )
        state.withLock { $0.objects[key] = object }
        return Response(.ok, fields: ["ETag": "\"x\"", "x-amz-checksum-sha256": checksum])
    }

    // MARK: In parts

    private func create(_ key: String, _ request: Request) -> Response {
        let id = state.withLock { state in
            state.number += 1
            let id = "upload-\(state.number)"
            state.uploads[id] = Upload(
                key: key,
                type: request.fields["content-type"] ?? "",
                sha256: request.fields["x-amz-meta-sha256"]
            )
            return id
        }
        let text =
            "<InitiateMultipartUploadResult><Bucket>\(Self.bucket)</Bucket><Key>\(key)</Key><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>"
        return Response(.ok, contentType: "application/xml", Array(text.utf8))
    }

    private func part(_ query: QueryParameters, _ body: [UInt8]) -> Response {
        guard let id = query["uploadId"], let number = query["partNumber"].flatMap({ Int($0) }) else {
            return Self.error(400, "InvalidArgument")
        }
        let isKnown = state.withLock { state in
            state.uploads[id]?.parts[number] = body
            return state.uploads[id] != nil
        }
        guard isKnown else { return Self.error(404, "NoSuchUpload") }
        return Response(.ok, fields: ["ETag": "\"\(SHA256.hash(body).hex.prefix(16))&\""])
    }

    private func complete(_ key: String, _ query: QueryParameters, _ body: [UInt8]) -> Response {
        guard let document = try? XMLElement(parsing: body), document.name == "CompleteMultipartUpload" else {
            return Self.error(400, "MalformedXML")
        }
        let wanted = document.all("Part").map { ($0.text(of: "PartNumber") ?? "", $0.text(of: "ETag") ?? "") }
        return state.withLock { state in
            guard let id = query["uploadId"], let upload = state.uploads[id] else {
                return Self.error(404, "NoSuchUpload")
            }
            var bytes: [UInt8] = []
            for (number, tag) in wanted {
                guard let part = Int(number).flatMap({ upload.parts[$0] }),
                    tag == "\"\(SHA256.hash(part).hex.prefix(16))&\""
                else { return Self.error(400, "InvalidPart") }
                bytes += part
            }
            state.uploads[id] = nil
            state.objects[upload.key] = Object(
                bytes: bytes,
                type: upload.type,
                sha256: upload.sha256,
                modified: Self.now
            )
            let text =
                "<CompleteMultipartUploadResult><Key>\(upload.key)</Key></CompleteMultipartUploadResult>"
            return Response(.ok, contentType: "application/xml", Array(text.utf8))
        }
    }
}
