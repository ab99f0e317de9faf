import JSON
import Sound

/// Reads a request from JSON text, as it would come over the wire.
func read(_ text: String, known: [String]? = nil) throws -> SoundRequest {
    try SoundRequest(JSONValue(parsing: text), knownProviders: known)
}

/// A request of a prompt and the given members.
func read(adding members: String, known: [String]? = nil) throws -> SoundRequest {
    try read(#"{"prompt": "rain", \#(members)}"#, known: known)
}

/// What is wrong with a request; empty when nothing is.
func problems(_ text: String, known: [String]? = nil) throws -> [Problem] {
    do {
        _ = try read(text, known: known)
        return []
    } catch let error as InvalidRequest {
        return error.problems
    }
}

/// What is wrong with a prompt and the given members, as `field code`.
func faults(adding members: String, known: [String]? = nil) throws -> [String] {
    try problems(#"{"prompt": "rain", \#(members)}"#, known: known).map { "\($0.field) \($0.code.rawValue)" }
}
