import Glibc

/// The process's environment.
enum Environment {
    /// The value of a variable, if it is set.
    static subscript(name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
