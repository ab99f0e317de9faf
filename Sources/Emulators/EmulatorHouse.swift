import HTTPServer
import Telemetry

/// What all doubles share: time, faults, records, the shelf of audio and the way back to the callers.
struct EmulatorHouse: Sendable {
    let options: EmulatorOptions
    let time: EmulatorTime
    let faults: FaultScript
    let calls: CallLog
    let shelf: AudioShelf
    let callbacks: CallbackDesk
    let log: Log

    /// How a vendor takes its calls; `breakdown` is its form of status 500.
    func exchange(for vendor: String, breakdown: Response) -> Exchange {
        Exchange(vendor: vendor, faults: faults, calls: calls, time: time, log: log, breakdown: breakdown)
    }

    /// How result files are served.
    var assets: AssetDesk { AssetDesk(shelf: shelf, time: time, latency: options.assetLatency, log: log) }
}
