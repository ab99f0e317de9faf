import Crypto
import HTTP
import HTTPServer
import JSON
import YAML

/// The pages that the gateway serves about itself.
struct Documents: Sendable {
    /// Bytes of a media type with the tag of their content.
    private struct Document: Sendable {
        let contentType: String
        let bytes: [UInt8]
        let tag: EntityTag

        init(_ contentType: String, _ bytes: [UInt8]) {
            self.contentType = contentType
            self.bytes = bytes
            tag = EntityTag(String(SHA256.hash(bytes).hex.prefix(32)))
        }

        func response(for request: Request, fields: Fields = [:]) -> Response {
            var fields = fields
            fields["ETag"] = tag.description
            fields["Cache-Control"] = "no-cache"
            if Preconditions.evaluate(method: request.method, fields: request.fields, entityTag: tag)
                == .notModified
            {
                return Response(.notModified, fields: fields)
            }
            return Response(.ok, contentType: contentType, bytes, fields: fields)
        }
    }

    private let yaml: Document
    private let json: Document
    private let page: Document

    init(version: String) {
        yaml = Document("application/yaml", PackageResources.openapi_yaml)
        json = Document("application/json", Self.openAPI.serialized())
        let text = String(decoding: PackageResources.landing_html, as: UTF8.self)
        page = Document("text/html; charset=utf-8", Array(text.replacing("{{version}}", with: version).utf8))
    }

    /// The contract as JSON, from the one source that is YAML.
    private static var openAPI: JSONValue {
        do throws(YAMLError) {
            return JSONValue(try YAMLNode(parsing: PackageResources.openapi_yaml))
        } catch {
            // Held by a test: the file is part of the build.
            preconditionFailure("openapi/soundgate.yaml does not parse: \(error)")
        }
    }

    func openAPIYAML(for request: Request) -> Response { yaml.response(for: request) }

    func openAPIJSON(for request: Request) -> Response { json.response(for: request) }

    func landingPage(for request: Request) -> Response {
        page.response(
            for: request,
            fields: [
                "Content-Security-Policy":
                    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
                    + "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
            ]
        )
    }
}
