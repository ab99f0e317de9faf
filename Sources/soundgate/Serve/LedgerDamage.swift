/// What an operator can do about a ledger that cannot be read.
enum LedgerDamage {
    static let advice =
        "Do not start it again as it is: keep a copy of the file and of its -wal, see what `soundgate doctor` finds, and "
        + "put a backup in its place, or what sqlite3's `.recover` gets out of it."
}
