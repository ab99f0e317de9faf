import Glibc

/// Where the files of a first configuration are.
struct FirstPlaces {
    /// The configuration, as the command line names it.
    let config: String

    /// The vault's key, from the configuration's folder.
    static let vaultKey = "secrets/vault.key"

    /// A vendor's key, from the configuration's folder.
    static func keyFile(_ vendor: FirstSetup.Vendor) -> String { "secrets/\(vendor.name).key" }

    /// A path that begins at the configuration's folder.
    func inFolder(_ path: String) -> String {
        config.lastIndex(of: "/").map { "\(config[...$0])\(path)" } ?? path
    }

    /// The vault: beside the other state where the configuration is in the working directory, else beside the configuration.
    var vault: String { config.contains("/") ? inFolder("vault.sealed") : "data/vault.sealed" }

    /// The vault as the configuration writes it, where a relative path begins at the working directory of the gateway.
    var vaultInConfig: String {
        guard config.contains("/"), !config.hasPrefix("/"), let here = getcwd(nil, 0) else { return vault }
        defer { free(here) }
        return "\(String(cString: here))/\(vault)"
    }
}
