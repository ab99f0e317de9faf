import JSON
import Sound

extension FuzzTarget {
    /// JSON that is taken is the same when it is written and read again, and so is a request.
    static let soundRequest = FuzzTarget("SoundRequest") { bytes in
        let json: JSONValue
        do throws(JSONError) { json = try JSONValue(parsing: bytes) } catch { return }
        do throws(JSONError) {
            // 119.0 is written as 119, which is read as an integer; from then on nothing changes.
            let written = json.serialized()
            let again = try JSONValue(parsing: written).serialized()
            precondition(again == written, "JSON changes when it is kept")
        } catch {
            preconditionFailure("what was written is no JSON: \(error)")
        }
        let request: SoundRequest
        do throws(InvalidRequest) {
            request = try SoundRequest(json, knownProviders: ["suno", "builtin"])
        } catch {
            precondition(!error.problems.isEmpty, "refused without a reason")
            return
        }
        // As the ledger keeps it.
        do {
            let kept = try JSONValue(parsing: JSONValue.object(request.json).serialized())
            let again = try SoundRequest(kept, knownProviders: nil)
            precondition(again == request, "a request changes when it is kept")
        } catch {
            preconditionFailure("a request that was taken cannot be read again: \(error)")
        }
    }
}
