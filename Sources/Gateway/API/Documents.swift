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
    private let pageFields: Fields

    init(version: String) {
        yaml = Document("application/yaml", PackageResources.openapi_yaml)
        json = Document("application/json", Self.openAPI.serialized())
        let console = ConsolePage(version: version)
        page = Document("text/html; charset=utf-8", Array(console.html.utf8))
        pageFields = [
            "Content-Security-Policy": console.policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            // For browsers that do not read `frame-ancestors`.
            "X-Frame-Options": "DENY",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ]
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

    func consolePage(for request: Request) -> Response { page.response(for: request, fields: pageFields) }
}
