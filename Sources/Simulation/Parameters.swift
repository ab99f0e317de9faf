/// What is simulated: how much, how the world around the gateways is, and how long.
///
/// Times are in milliseconds unless a name says otherwise. Latencies and durations are drawn from log-normal distributions, of
/// which the median and the spread (sigma of the logarithm) are given here.
package struct Parameters: Sendable, Equatable {
    /// A rule that is broken on purpose, to see that the run finds it.
    package enum Breakage: String, Sendable, CaseIterable {
        /// Whoever takes over a batch forgets one task of it.
        case lostClaim = "lost-claim"
        /// A create whose answer is lost is sent again.
        case secondSubmit = "second-submit"
        /// Vendors are asked five times as often as their pace says.
        case fastPoll = "fast-poll"
        /// The database gives every gateway all places of a key.
        case freeShares = "free-shares"
        /// What a task has come to is forgotten when it rests.
        case badRest = "bad-rest"
    }

    // How much.
    package var tasks = 10_000_000
    package var replicas = 100
    package var seed: UInt64 = 1
    package var deaths = 5
    /// Simulated hours after which the run ends, whatever is left.
    package var hours = 24.0
    /// What a task may take, in hours.
    package var deadlineHours = 3.0

    // Vendors, each with one key that all gateways share.
    package var keys = 2
    /// Jobs at once with a key.
    package var places = 75_000
    /// Starts a second with a key; none for no limit.
    package var rate = 0
    package var jobSeconds = 30.0
    package var jobSpread = 0.5
    package var latency = 150.0
    package var latencySpread = 0.6
    /// Shares of creates that come to nothing: the vendor is busy, refuses the prompt, cannot be reached, or its answer is lost.
    package var busy = 0.01
    package var rejected = 0.005
    package var unreachable = 0.002
    package var lost = 0.001
    /// Shares of jobs that fail, of results that are unusable, and of questions without an answer.
    package var failed = 0.01
    package var unusable = 0.002
    package var unanswered = 0.005
    /// The share of jobs of which the vendor tells by itself when they are done.
    package var callbacks = 0.3
    /// Copying a result: the median, in milliseconds.
    package var fetch = 400.0

    // Webhooks.
    /// The share of tasks that have an address.
    package var webhooks = 0.1
    package var hosts = 64
    /// Hosts that never answer.
    package var deadHosts = 1
    /// The share of tries that a host refuses.
    package var webhookFailures = 0.01

    // The database and the gateways.
    /// Commits a second that the database can do, all gateways together.
    package var capacity = 30_000.0
    /// A commit's time without a queue: the least, and the median.
    package var commitFloor = 4.0
    package var commit = 6.0
    package var commitSpread = 0.4
    /// What a task that is claimed costs the database, in commits.
    package var claimedRow = 0.2
    /// For how long a question about a key holds its lock.
    package var keyLock = 2.0
    /// What each event of a task, and each word, costs the gateway's loop, in microseconds.
    package var eventCost = 100.0
    /// After how many seconds a gateway that died is back, under another name.
    package var restart = 30.0

    // How it is run.
    /// Threads; what comes out does not depend on it.
    package var threads = 2
    /// Of how many rests one is compared with the record that it stands for.
    package var verifyEvery = 256
    package var breakage: Breakage?

    /// Ten million tasks over a hundred gateways.
    package init() {}

    /// What cannot be simulated, in words; `nil` when all is well.
    package var problem: String? {
        if tasks < 1 || tasks > 100_000_000 { return "--tasks is from 1 to 100,000,000" }
        if replicas < 1 || replicas > 1000 || replicas > tasks {
            return "--replicas is from 1 to 1000, and no more than there are tasks"
        }
        if keys < 1 || keys > 64 { return "--keys is from 1 to 64" }
        if deaths < 0 || (deaths > 0 && replicas < 2) { return "--deaths wants two replicas at least" }
        if commitFloor < 0.5 || commit < commitFloor { return "--commit is no less than its floor of 4 ms" }
        if places < 1 || rate < 0 || capacity <= 0 || hours <= 0 || deadlineHours <= 0 || hosts < 1
            || threads < 1 || verifyEvery < 1 || jobSeconds <= 0
        {
            return "a number is too small"
        }
        let shares = [
            busy, rejected, unreachable, lost, failed, unusable, unanswered, callbacks, webhooks,
            webhookFailures,
        ]
        if shares.contains(where: { $0 < 0 || $0 > 1 }) || busy + rejected + unreachable + lost > 1 {
            return "a share is from 0 to 1"
        }
        return nil
    }
}
