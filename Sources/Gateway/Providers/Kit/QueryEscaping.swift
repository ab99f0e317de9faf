import HTTP

/// A value for a query string, percent-encoded.
func queryEscaped(_ value: String) -> String { PercentEncoding.encode(value) }
