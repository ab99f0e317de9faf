/// A step through a document, copied out of libyaml's memory.
struct YAMLEvent {
    let position: YAMLPosition
    let kind: Kind

    enum Kind {
        case documentStart
        case documentEnd
        case streamEnd
        case scalar(text: String, isPlain: Bool, anchor: String?)
        case sequenceStart(anchor: String?)
        case sequenceEnd
        case mappingStart(anchor: String?)
        case mappingEnd
        case alias(String)
    }
}
