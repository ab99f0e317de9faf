import Spelling
import YAML

extension GatewayConfiguration {
    /// Reads and checks a file.
    ///
    /// - Parameters:
    ///   - text: The file's text.
    ///   - fileName: Its name as the operator gave it; stands before each problem, and its folder is where
    ///     relative paths of `${file:…}` begin. All other relative paths begin at the working directory.
    ///   - adapters: What this build can speak to.
    ///   - environment: The value of an environment variable, if set.
    ///   - readFile: The text of a file; its error is shown to the operator.
    ///   - certificates: Looks into certificate files.
    ///   - openVault: Opens the vault that the `vault` section names, with the first of its keys that fits.
    ///   - hashiCorp: The values that ``HashiCorpNeeds`` asked for.
    /// - Returns: The checked configuration.
    /// - Throws: Everything that is wrong, at once. No value that a reference stood for is in it.
    package static func load(
        text: String,
        fileName: String,
        adapters: [KnownAdapter],
        environment: @escaping (String) -> String?,
        readFile: @escaping (String) throws -> String,
        certificates: CertificateInspection = .none,
        openVault: @escaping (VaultConfiguration) throws(VaultRefusal) -> VaultSecrets,
        hashiCorp: HashiCorpSecrets = .none
    ) throws(ConfigurationProblems) -> GatewayConfiguration {
        let root = try YAMLNode(configuration: text, fileName: fileName)
        let references = References(fileName: fileName, environment: environment, readFile: readFile)
        let reader = Reader(
            fileName: fileName,
            references: references,
            certificates: certificates,
            hashiCorp: hashiCorp,
            openingVault: openVault
        )
        reader.note("", at: root.position)
        let read = section(adapters: adapters).read(root, "", reader)
        if var configuration = read {
            configuration.addDefaultProviders(adapters)
            configuration.check(reader)
            configuration.checkClients(adapters, reader)
            if reader.problems.isEmpty { return configuration }
        }
        throw ConfigurationProblems(reader.problems)
    }

    /// What is wrong with who could reach the gateway and who may call it, if anything.
    ///
    /// ``load(text:fileName:adapters:environment:readFile:certificates:openVault:hashiCorp:)`` has asked this already; ask again after overriding
    /// ``ServerConfiguration/listen``.
    package func checkExposure() -> ConfigurationProblem? {
        guard clients == .loopbackOnly, let open = server.listen.first(where: { !$0.isLocal }) else {
            return nil
        }
        return ConfigurationProblem(
            path: "server.listen",
            message: "\(open) can be reached from other machines, and no clients are named",
            remedy: "list clients, write clients: open to serve anybody, or listen on 127.0.0.1"
        )
    }

    /// Those adapters that run unless the file says otherwise.
    private mutating func addDefaultProviders(_ adapters: [KnownAdapter]) {
        for adapter in adapters where adapter.isEnabledByDefault {
            guard !providers.contains(where: { $0.id == adapter.id }) else { continue }
            providers.append(ProviderConfiguration(id: adapter.id, adapter: adapter.id))
        }
    }

    /// The rules that look at several sections; silent where what they look at is wrong already.
    private func check(_ reader: Reader) {
        let isKnown = { id in
            providers.contains { $0.id == id } || reader.hasProblem(within: "providers.\(id)")
        }
        let isReadable = !reader.hasProblem(within: "routing.preference")
        for (index, id) in routing.preference.enumerated() where isReadable && !isKnown(id) {
            let path = "routing.preference[\(index)]"
            let meant = nearestMatch(to: id, among: providers.map(\.id)).map { "did you mean \"\($0)\"?" }
            reader.report(
                reader.position(of: path),
                path,
                "no provider is called \"\(id)\"",
                remedy: meant ?? "add it under providers, or remove it here"
            )
        }
        if !providers.contains(where: \.isEnabled), !reader.hasProblem(within: "providers") {
            reader.report(
                reader.position(of: "providers"),
                "providers",
                "no provider is enabled",
                remedy: "enable one, or every request would be refused"
            )
        }
        checkCertificates(reader)
        if let exposure = checkExposure(), !reader.hasProblem(within: "server.listen"),
            !reader.hasProblem(within: "clients")
        {
            reader.report(
                reader.position(of: "server.listen"),
                exposure.path,
                exposure.message,
                remedy: exposure.remedy
            )
        }
    }

    /// What clients' certificates need: a listener that sees them, and one client for each.
    private func checkCertificates(_ reader: Reader) {
        var owners: [CertificateMatch: Int] = [:]
        for (index, client) in clients.clients.enumerated() where !client.certificates.isEmpty {
            let path = "clients[\(index)].certificates"
            if !server.seesClientCertificates, !reader.hasProblem(within: "server.tls") {
                reader.report(
                    reader.position(of: path),
                    path,
                    "is of no use: nobody is asked for a certificate",
                    remedy: "add client_ca, and client_certificates: request or require, under server.tls"
                )
            }
            for match in client.certificates {
                guard let owner = owners.updateValue(index, forKey: match), owner != index else { continue }
                reader.report(
                    reader.position(of: path),
                    path,
                    "\(match) is already taken by clients[\(owner)]",
                    remedy: "remove one of them: a certificate stands for one client"
                )
            }
        }
    }
}
