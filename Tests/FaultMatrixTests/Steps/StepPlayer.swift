import Foundation
import Support
import Tasks

/// Plays what goes wrong in the same way at the ledger and on the line.
struct StepPlayer: Sendable {
    let script: StepScript
    let time: CaseTime
    let wall: WallClock
    /// The folder of the audio.
    let folder: String

    private var away: String { folder + ".away" }

    /// A folder that was gone is back.
    func beginStep() {
        if FileManager.default.fileExists(atPath: away) {
            try? FileManager.default.moveItem(atPath: away, toPath: folder)
        }
    }

    func play(_ fault: StepFault, in process: StepProcess) async {
        switch fault.mishap {
        case .fails, .refused, .cut, .silent: break
        case .hangs, .late: await script.hang()
        case .dies: die(process)
        case .diesAndJumps(let jump):
            wall.jump(jump)
            die(process)
        case .jumps(let jump): wall.jump(jump)
        case .folderless: try? FileManager.default.moveItem(atPath: folder, toPath: away)
        }
    }

    private func die(_ process: StepProcess) {
        process.die()
        script.situation.change { $0.hasDied = true }
    }
}
