import Crypto
import JSON
import YAML

extension StorageConfiguration {
    /// The keys of `storage`.
    static var section: Section<StorageConfiguration> {
        Section(
            "Where state is kept.",
            StorageConfiguration(),
            [
                Field("sqlite", \.sqlite, .section(SQLite.section), "The SQLite file behind the task ledger"),
                Field(
                    "postgres",
                    \.postgres,
                    .section(Postgres.section),
                    "The PostgreSQL database that several gateways share, in place of the SQLite file"
                ),
                Field(
                    "reserve",
                    \.reserve,
                    .size(in: 0...1 << 40),
                    "The room kept for accepted tasks on the disks of the ledger and the audio; at most a tenth of a disk"
                ),
            ]
        )
    }
}

extension StorageConfiguration.SQLite {
    /// The keys of `storage.sqlite`.
    static var section: Section<Self> {
        Section(
            "The SQLite file behind the task ledger.",
            Self(),
            [Field("path", \.path, .text, "The file; a relative path starts at the working directory")]
        )
    }
}

extension StorageConfiguration.Postgres {
    /// The keys of `storage.postgres`.
    static var section: Section<Self> {
        Section(
            "The PostgreSQL database (15 or later) behind the task ledger; it takes the place of the SQLite file.",
            Self(),
            [
                Field(
                    "url",
                    \.url,
                    .databaseAddress,
                    "Where it is, best as ${env:DATABASE_URL}: postgresql://USER:PASSWORD@HOST:PORT/DATABASE, as libpq has it",
                    required: true
                ),
                Field(
                    "connections",
                    \.connections,
                    .integer(in: 1...1000),
                    "How many connections this gateway opens at most, beside one that listens"
                ),
                Field(
                    "lease",
                    \.lease,
                    .duration(in: .seconds(5) ... .seconds(600)),
                    "How long a gateway that says nothing keeps its tasks before others go on with them"
                ),
            ]
        )
    }
}

extension Shape<Secret<String>> {
    /// The address of a database, which may hold a password and which no message ever shows.
    fileprivate static var databaseAddress: Shape {
        let own: JSONValue = ["type": "string", "pattern": "^postgres(ql)?://"]
        return Shape(schema: ReferenceSchema.orSecret(own)) { node, path, reader in
            guard let address = reader.secret(node, path) else { return nil }
            let isAddress = address.reveal { text in
                (text.hasPrefix("postgresql://") || text.hasPrefix("postgres://"))
                    && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            }
            guard isAddress else {
                reader.report(
                    node.position,
                    path,
                    "is not the address of a PostgreSQL database",
                    remedy: "write postgresql://USER@HOST/DATABASE, with %XX for what no URL has"
                )
                return nil
            }
            return address
        }
    }
}
