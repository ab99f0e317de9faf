import JSON
package import Sound

/// Writes what is told of a task's milestone, to those who listen and to webhook addresses alike.
package struct AnnouncementWire: Sendable {
    /// What stands before `/v1/…` in the URLs of the task.
    private let baseURL: String

    /// Announcements whose URLs begin with a base.
    package init(baseURL: String) { self.baseURL = baseURL }

    /// What is told of a milestone.
    package func announce(_ record: TaskRecord, _ milestone: Milestone, _ queuePosition: Int?) -> [UInt8] {
        bytes(of: record, type: milestone.type, at: milestone.moment, queuePosition: queuePosition)
    }

    /// `{"type": …, "timestamp": …, "data": {the task}}`.
    func bytes(
        of record: TaskRecord,
        type: String,
        at moment: Moment,
        queuePosition: Int?,
        expectedEnd: Duration? = nil
    ) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("type", type)
        json.member("timestamp", stamp(moment))
        json.key("data")
        TaskWire(
            record: record,
            baseURL: baseURL,
            queuePosition: queuePosition,
            expectedEnd: expectedEnd
        ).write(to: &json)
        json.endObject()
        return json.bytes
    }
}
