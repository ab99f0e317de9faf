import Spelling
import YAML

extension GatewayConfiguration {
    /// The rules between clients, and between clients and providers; silent where what they look at is wrong already.
    func checkClients(_ adapters: [KnownAdapter], _ reader: Reader) {
        guard !reader.hasProblem(within: "providers") else { return checkKeys(reader) }
        for (index, client) in clients.clients.enumerated() {
            let path = "clients[\(index)]"
            for (place, id) in (client.providers ?? []).enumerated() {
                checkProvider(id, "\(path).providers[\(place)]", reader)
            }
            for (period, allowances) in [("day", client.quota.day), ("month", client.quota.month)] {
                for allowance in allowances {
                    check(allowance, "\(path).quota.\(period).\(allowance.key)", adapters, reader)
                }
            }
        }
        checkKeys(reader)
    }

    private func checkProvider(_ id: String, _ path: String, _ reader: Reader) {
        guard !providers.contains(where: { $0.id == id }) else { return }
        let meant = nearestMatch(to: id, among: providers.map(\.id)).map { "did you mean \"\($0)\"?" }
        reader.report(
            reader.position(of: path),
            path,
            "no provider is called \"\(id)\"",
            remedy: meant ?? "add it under providers, or remove it here"
        )
    }

    /// A limit of something that nobody bills would never be reached.
    private func check(
        _ allowance: ClientQuota.Allowance,
        _ path: String,
        _ adapters: [KnownAdapter],
        _ reader: Reader
    ) {
        guard allowance.key != "tasks" else { return }
        if let provider = allowance.provider, !providers.contains(where: { $0.id == provider }) {
            return checkProvider(provider, path, reader)
        }
        let billing = providers.filter { allowance.provider == nil || $0.id == allowance.provider }
        let units = Set(
            billing.compactMap { provider in adapters.first { $0.id == provider.adapter }?.billingUnit }
        )
        guard !units.contains(allowance.unit), !units.isEmpty else { return }
        let known = units.sorted() + (allowance.provider == nil ? ["tasks"] : [])
        let meant = nearestMatch(to: allowance.unit, among: known).map { "did you mean \"\($0)\"?" }
        reader.report(
            reader.position(of: path),
            path,
            "\(allowance.provider ?? "no provider") \(allowance.provider == nil ? "bills" : "does not bill") \(allowance.unit)",
            remedy: meant ?? "use one of \(known.joined(separator: ", "))"
        )
    }

    /// A key that opens to two clients would open to one of them by chance.
    private func checkKeys(_ reader: Reader) {
        var owners: [String: String] = [:]
        for (index, client) in clients.clients.enumerated() {
            var places = client.keySHA256.map { [($0, "clients[\(index)].key_sha256")] } ?? []
            for (place, key) in client.keys.enumerated() {
                places.append((key.sha256, "clients[\(index)].keys[\(place)].sha256"))
            }
            for (digest, path) in places {
                guard let owner = owners[digest] else {
                    owners[digest] = path
                    continue
                }
                guard !reader.hasProblem(within: path) else { continue }
                reader.report(
                    reader.position(of: path),
                    path,
                    "is the same key as \(owner)",
                    remedy: "make another with: soundgate client new NAME"
                )
            }
        }
    }
}
