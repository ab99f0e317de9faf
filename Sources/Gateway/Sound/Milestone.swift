/// Something that has happened to a task and that its client may be told of.
///
/// Milestones are read off the task, so what is told after a restart is what would have been told before it.
package struct Milestone: Sendable, Equatable {
    /// Unique within the task, the same whenever it is read.
    package let id: String
    /// The event's type, such as `sound.queued` or `sound.output_ready`.
    package let type: String
    package let moment: Moment

    /// A thing that happened.
    package init(id: String, type: String, moment: Moment) {
        self.id = id
        self.type = type
        self.moment = moment
    }
}

extension TaskRecord {
    /// What has happened so far, in order; later ones are added at the end.
    package var milestones: [Milestone] {
        var list = [Milestone(id: "queued", type: "sound.queued", moment: createdAt)]
        if let startedAt { list.append(Milestone(id: "running", type: "sound.running", moment: startedAt)) }
        let ready = outputs.compactMap { output in output.readyAt.map { (output.index, $0) } }
        for (index, moment) in ready.sorted(by: { ($0.1, $0.0) < ($1.1, $1.0) }) {
            list.append(Milestone(id: "output-\(index)", type: "sound.output_ready", moment: moment))
        }
        if let endedAt, status.hasEnded {
            list.append(Milestone(id: "ended", type: "sound.\(status.rawValue)", moment: endedAt))
        }
        return list
    }
}
