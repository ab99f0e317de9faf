import Assets
import Configuration
import HTTP
import HTTPServer
import Routing
import Sound
import Tasks

/// How many tasks may be under way, in all and for one client.
extension Gateway {
    /// Takes a place for a new task: 429 when there is no room for one.
    ///
    /// Whoever has one leaves it once the task is stored, or will not be.
    func takePlace(_ caller: Caller, _ plan: Plan) async throws(Refused) {
        let limits = configuration.server.limits
        let board = parts.engine.board
        guard board.unfinished < limits.tasks else {
            throw await noRoom(
                .tooManyTasks(
                    "The gateway has \(limits.tasks) tasks that have not ended, and takes no more until some have ended."
                ),
                plan
            )
        }
        guard let name = caller.name, let standing = caller.standing else { return }
        var most = limits.tasksPerClient
        if let own = caller.limits.maxConcurrent {
            if caller.limits.isEnforced {
                most = own
            } else if board.unfinished(of: name) >= own {
                spare(caller, "too_many_tasks")
            }
        }
        guard standing.enter(below: most, unfinished: { board.unfinished(of: name) }) else {
            throw await noRoom(ofClientWith: most, plan)
        }
    }

    /// 429 for a client that has as many tasks as it may.
    func noRoom(ofClientWith most: Int, _ plan: Plan) async -> Refused {
        await noRoom(ProblemDetails(LedgerError.tooManyTasks(most)), plan)
    }

    private func noRoom(_ problem: ProblemDetails, _ plan: Plan) async -> Refused {
        Refused(problem, retryAfter: .seconds(await secondsUntilRoom(at: plan)))
    }

    /// 507 while what is left of the disks is kept for the tasks that are there, 503 while one is read-only; `nil` when
    /// there is room.
    func refusalForWantOfDisk() async -> ProblemDetails? {
        guard let level = await parts.room?.look(), level < .tasks else { return nil }
        guard level > .nothing else {
            return ProblemDetails(
                .serviceUnavailable,
                code: "storage_unavailable",
                detail: "The gateway's disk is read-only just now; nothing was accepted. Try again later."
            )
        }
        return ProblemDetails(
            Status(507),
            code: "storage_full",
            detail:
                "The gateway keeps what is left of its disk for the sounds under way; nothing was accepted. Try again later."
        )
    }

    /// When a task is likely to end where this one would go: the line's pace, from a second to a minute.
    private func secondsUntilRoom(at plan: Plan) async -> Int {
        guard let provider = plan.chosen?.name.provider, let load = await parts.engine.load()[provider],
            let wait = load.expectedWait
        else { return 5 }
        let pace = wait / .seconds(1) / Double(load.waiting + 1)
        return Int(min(max(pace.rounded(.up), 1), 60))
    }
}
