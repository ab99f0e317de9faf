import JSON
import Threads

/// Asks for a sound and saves it.
enum SoundCommand {
    private static let output = Option(
        "--output",
        short: "-o",
        value: "FILE",
        summary: "save here, a file or a folder; several sounds become FILE-0, FILE-1, …"
    )
    private static let force = Option("--force", summary: "replace files that exist")

    static let command = Command(
        name: "sound",
        summary: "ask a running gateway for a sound, and save the audio",
        details: """
            Prints the names of the saved files. Ctrl-C cancels the task at the gateway. Ends with 1 when the task
            failed, 64 for a wrong request, 69 without a gateway or a provider, 73 when a file cannot be saved, 77
            without a valid key.

              soundgate sound "soft rain with distant thunder" --loop --duration 12 -o rain.wav
              soundgate sound "lofi drum loop" --bpm 90 --key Am --variations 2 -o lofi.wav --format wav
            """,
        arguments: [Argument(name: "\"PROMPT\"", isRequired: false)],
        options: RequestOptions.options + [output, force] + GatewayClient.options + [.json],
        signals: Interruption.signals,
        document: .of(
            "the task as GET /v1/sounds/{id} answers it, and with it \"files\", the names of what was saved"
        ),
        run: run
    )

    private static func run(_ invocation: Invocation) async throws -> ExitStatus {
        let body = try RequestOptions.body(invocation)
        let destination = Destination(invocation.text(output), isForced: invocation.has(force))
        try destination.checkBeforehand(count: Int(clamping: body["variations"]?.integer ?? 1))
        return try await GatewayClient.with(invocation) { gateway in
            let interruption = try Interruption()
            let created = try SoundTask(try await gateway.post("/v1/sounds", body))
            let job = Job(gateway: gateway, destination: destination, isJSON: invocation.has(.json))
            return try await job.run(created, until: interruption)
        }
    }
}

/// One run of the command, from the task to the files.
private struct Job: Sendable {
    let gateway: GatewayClient
    let destination: Destination
    let isJSON: Bool

    private enum Ending: Sendable {
        case done(ExitStatus)
        case interrupted(Int32)
    }

    func run(_ created: SoundTask, until interruption: Interruption) async throws -> ExitStatus {
        let latest = Guarded(created)
        let ending = try await withThrowingTaskGroup(of: Ending?.self) { group in
            group.addTask { .done(try await work(created, latest)) }
            group.addTask { await interruption.first().map { .interrupted($0) } }
            defer { group.cancelAll() }
            while let ending = try await group.next() {
                if let ending { return ending }
            }
            throw CancellationError()
        }
        switch ending {
        case .done(let status): return status
        case .interrupted(let signal):
            await cancel(latest.withLock { $0 })
            return .interrupted(by: signal)
        }
    }

    private func work(_ created: SoundTask, _ latest: Guarded<SoundTask>) async throws -> ExitStatus {
        let order = SoundOrder(gateway: gateway, display: ProgressDisplay(isSilent: isJSON))
        let task = try await order.follow(created) { seen in latest.withLock { $0 = seen } }
        var paths: [String] = []
        try await order.save(task, to: destination) { output, path in
            paths.append(path)
            if !isJSON { tell(output, path, task) }
        }
        if isJSON {
            var json = task.json
            json["files"] = .array(paths.map { .string($0) })
            Console.output(JSONValue.object(json).prettyPrinted())
        } else {
            complain(of: task)
        }
        return task.status == "succeeded" ? .success : .failure
    }

    private func tell(_ output: SoundTask.Output, _ path: String, _ task: SoundTask) {
        let length = output.duration.map { "\(shortNumber($0, places: 2)) s, " } ?? ""
        Console.note("\(length)\(output.bytes ?? 0) bytes from \(task.route ?? "the gateway"):")
        Console.output(path)
        if let format = output.fileExtension, let given = extensionOfKnownFormat(path), given != format {
            Console.note("note: \(path) holds \(format); ask for another with --format \(given)")
        }
    }

    private func complain(of task: SoundTask) {
        for output in task.outputs where !output.isReady {
            guard let error = output.error else { continue }
            Console.complain("output \(output.index) failed: \(printable(error))")
        }
        if task.status != "succeeded" {
            Console.complain("\(task.id) \(printable(task.status)): \(task.errorText ?? "no reason given")")
        }
    }

    private func extensionOfKnownFormat(_ path: String) -> String? {
        ["mp3", "wav", "flac", "ogg"].first { path.lowercased().hasSuffix(".\($0)") }
    }

    /// Tells the gateway that nobody wants the sound any more.
    private func cancel(_ task: SoundTask) async {
        if !isJSON { ProgressDisplay(isSilent: false).clear() }
        guard !task.hasEnded else { return }
        do {
            _ = try await gateway.post("\(task.path)/cancel", nil)
            Console.note("canceled \(task.id)")
        } catch {
            Console.complain("\(task.id) could not be canceled and may go on at the gateway")
        }
    }
}
