import JSON
import Sound

/// Joins the words of `alignedWords` (`[{"word", "startS", "endS"}]`, in seconds) to lines.
enum SunoWords {
    /// The lines, broken where the words hold a line break; `nil` without a list, empty when nothing is sung.
    static func lines(in data: JSONValue) -> [TimedLine]? {
        guard let words = (data["alignedWords"] ?? data["aligned_words"])?.array else { return nil }
        let texts = words.map { $0["word"]?.string ?? "" }
        // Words bring their own spaces; where none of them does, they are put in.
        let gap = texts.contains { $0.contains(where: \.isWhitespace) } ? "" : " "
        var (lines, line): ([TimedLine], TimedLine?) = ([], nil)
        func close() {
            guard var last = line else { return }
            line = nil
            last.text = trimmed(last.text)
            if !last.text.isEmpty { lines.append(last) }
        }
        for (word, text) in zip(words, texts) {
            guard let start = (word["startS"] ?? word["start_s"])?.double,
                let end = (word["endS"] ?? word["end_s"])?.double
            else { continue }
            for (index, part) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
                .enumerated()
            {
                if index > 0 { close() }
                guard !part.allSatisfy(\.isWhitespace) else {
                    line?.text += part
                    continue
                }
                line = TimedLine(
                    text: line.map { $0.text + gap + part } ?? String(part),
                    start: line?.start ?? start,
                    end: end
                )
            }
        }
        close()
        return lines
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }
}
