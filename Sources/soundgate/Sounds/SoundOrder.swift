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
        defer { display.clear() }
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

    /// Saves every output that is there, and tells of each as soon as it is.
    func save(
        _ task: SoundTask,
        to destination: Destination,
        _ saved: (SoundTask.Output, _ path: String) -> Void
    ) async throws {
        var destination = destination
        destination.isNumbered = task.outputs.count > 1
        for output in task.outputs where output.isReady {
            saved(output, try await save(output, of: task, to: destination))
        }
    }

    private func save(_ output: SoundTask.Output, of task: SoundTask, to destination: Destination)
        async throws
        -> String
    {
        let sink = AudioSink(destination, index: output.index)
        let path = "\(task.path)/audio/\(output.index)"
        do {
            do throws(TransportFailure) {
                try await gateway.download(path, maximumBytes: output.bytes ?? 1 << 40, to: sink)
            } catch {
                if error.reason == .cancelled { throw CancellationError() }
                throw sink.failure ?? CommandFailure(.unavailable, "the download failed: \(error.message)")
            }
            return try sink.finish(output)
        } catch let failure as CommandFailure {
            throw unsaved(output, failure.status, failure.message, path)
        } catch let error as SystemError {
            throw unsaved(output, .cannotCreate, "\(error)", path)
        }
    }

    private func unsaved(_ output: SoundTask.Output, _ status: ExitStatus, _ reason: String, _ path: String)
        -> CommandFailure
    {
        CommandFailure(
            status,
            "output \(output.index) was not saved: \(reason)\nThe gateway keeps it at \(gateway.url(path))"
        )
    }
}
