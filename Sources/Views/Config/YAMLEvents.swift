import CYAML

/// Why a text is not YAML that can be used.
struct YAMLError: Error {
    var problem: String
    var line: Int?

    init(_ problem: String, line: Int?) {
        self.problem = problem
        self.line = line
    }
}

/// The events of a YAML text, as libyaml's parser gives them.
final class YAMLEvents {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd, sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case scalar(String, quoted: Bool)
        case alias(String)
    }

    struct Event {
        var kind: Kind
        var line: Int
        var anchor: String?
        var tag: String?
    }

    private let text: UnsafeMutableBufferPointer<UInt8>
    private let parser: UnsafeMutablePointer<yaml_parser_t>

    init(_ text: String) {
        self.text = .allocate(capacity: text.utf8.count)
        _ = self.text.initialize(from: text.utf8)
        parser = .allocate(capacity: 1)
        yaml_parser_initialize(parser)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, self.text.baseAddress, self.text.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        text.deallocate()
    }

    /// The next event; none comes after `streamEnd`.
    func next() throws(YAMLError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        let (kind, anchor, tag) = YAMLEvents.content(of: event)
        return Event(kind: kind, line: Int(event.start_mark.line) + 1, anchor: anchor, tag: tag)
    }

    /// The first event of the next item of a list or mapping; nil at its end.
    func item() throws(YAMLError) -> Event? {
        let event = try next()
        switch event.kind {
        case .sequenceEnd, .mappingEnd: return nil
        default: return event
        }
    }

    private static func content(of event: yaml_event_t) -> (Kind, anchor: String?, tag: String?) {
        func string(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? { bytes.map { String(cString: $0) } }
        let data = event.data
        switch event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, nil, nil)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, nil, nil)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, nil, nil)
        case YAML_SEQUENCE_START_EVENT:
            return (.sequenceStart, string(data.sequence_start.anchor), string(data.sequence_start.tag))
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, nil, nil)
        case YAML_MAPPING_START_EVENT:
            return (.mappingStart, string(data.mapping_start.anchor), string(data.mapping_start.tag))
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, nil, nil)
        case YAML_ALIAS_EVENT: return (.alias(string(data.alias.anchor) ?? ""), nil, nil)
        case YAML_SCALAR_EVENT:
            let bytes = UnsafeBufferPointer(start: data.scalar.value, count: data.scalar.length)
            let isQuoted = data.scalar.style != YAML_PLAIN_SCALAR_STYLE
            return (
                .scalar(String(decoding: bytes, as: UTF8.self), quoted: isQuoted), string(data.scalar.anchor),
                string(data.scalar.tag)
            )
        default: return (.streamEnd, nil, nil)
        }
    }

    private func failure() -> YAMLError {
        let problem = parser.pointee.problem.map { String(cString: $0) } ?? ""
        switch parser.pointee.error {
        case YAML_SCANNER_ERROR, YAML_PARSER_ERROR:
            return YAMLError(problem, line: Int(parser.pointee.problem_mark.line) + 1)
        case YAML_READER_ERROR: return YAMLError("is not text: \(problem)", line: nil)
        default: return YAMLError("is not YAML", line: nil)
        }
    }
}
