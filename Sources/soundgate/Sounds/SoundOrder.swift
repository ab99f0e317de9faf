import EventLoop
import HTTP
import HTTPClient
import Threads

/// A sound that has been asked for: followed to its end, then saved.
struct SoundOrder {
    let gateway: GatewayClient
    let display: ProgressDisplay

    /// How long a gateway may be away, for a restart, before the order is given up.
    private static let patience = Duration.seconds(30)

    /// Waits for the end of a task.
    func follow(_ created: SoundTask, _ saw: (SoundTask) -> Void) async throws -> SoundTask {
        var task = created
        var absentSince: UInt64?
        while !task.hasEnded {
            if absentSince == nil { display.show(task) }
            let began = monotonicNow()
            do {
                task = try SoundTask(try await gateway.get(task.path, wait: 1))
                saw(task)
                absentSince = nil
            } catch let error as Unreachable {
                try await rest(since: &absentSince, error)
            } catch let refusal as Refusal where refusal.httpStatus == .serviceUnavailable {
                try await rest(since: &absentSince, refusal)
            }
            // A gateway that does not wait must not be asked in a tight circle.
            if !task.hasEnded, monotonicNow() - began < 200_000_000 {
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        display.clear()
        return task
    }

    /// Lets a restarting gateway come back; throws `error` when it has been away for too long.
    private func rest(since absence: inout UInt64?, _ error: any Error) async throws {
        let now = monotonicNow()
        let start = absence ?? now
        absence = start
        guard now - start < Self.patience.wholeNanoseconds else { throw error }
        display.hint("the gateway does not answer; the task goes on there, trying again")
        try await Task.sleep(for: .milliseconds(500))
    }

    /// Saves every output that is there.
    ///
    /// - Returns: the paths.
    func save(_ task: SoundTask, to destination: Destination) async throws -> [String] {
        var destination = destination
        destination.isNumbered = task.outputs.count > 1
        var paths: [String] = []
        for output in task.outputs where output.isReady {
            paths.append(try await save(output, of: task, to: destination))
        }
        return paths
    }

    private func save(_ output: SoundTask.Output, of task: SoundTask, to destination: Destination)
        async throws
        -> String
    {
        let sink = AudioSink(destination, index: output.index)
        let path = "\(task.path)/audio/\(output.index)"
        do {
            try await gateway.download(path, maximumBytes: output.bytes ?? 1 << 40, to: sink)
            return try sink.finish(output)
        } catch let failure as TransportFailure {
            if failure.reason == .cancelled { throw CancellationError() }
            let place = gateway.url(path)
            throw CommandFailure(
                .cannotCreate,
                "output \(output.index) was not saved: \(failure.message)\nThe gateway keeps it at \(place)"
            )
        } catch let error as SystemError {
            throw CommandFailure(.cannotCreate, "output \(output.index) was not saved: \(error)")
        }
    }
}
