import CYAML

/// Writes a configuration's tree as YAML by libyaml, 120 columns wide.
final class YAMLEmitter {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private var bytes: [UInt8] = []

    /// The text of a tree.
    static func text(of tree: ConfigurationTree) throws(YAMLError) -> String {
        let emitter = YAMLEmitter()
        try emitter.emit { yaml_stream_start_event_initialize(&$0, YAML_UTF8_ENCODING) }
        try emitter.emit { yaml_document_start_event_initialize(&$0, nil, nil, nil, 1) }
        try emitter.emit(tree)
        try emitter.emit { yaml_document_end_event_initialize(&$0, 1) }
        try emitter.emit { yaml_stream_end_event_initialize(&$0) }
        return String(decoding: emitter.bytes, as: UTF8.self)
    }

    private init() {
        emitter = .allocate(capacity: 1)
        yaml_emitter_initialize(emitter)
        yaml_emitter_set_width(emitter, 120)
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_encoding(emitter, YAML_UTF8_ENCODING)
        let write: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int) -> Int32 = {
            owner, bytes, count in
            guard let owner else { return 0 }
            let emitter = Unmanaged<YAMLEmitter>.fromOpaque(owner).takeUnretainedValue()
            emitter.bytes += UnsafeBufferPointer(start: bytes, count: count)
            return 1
        }
        yaml_emitter_set_output(emitter, write, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        yaml_emitter_delete(emitter)
        emitter.deallocate()
    }

    private func emit(_ make: (inout yaml_event_t) -> Int32) throws(YAMLError) {
        var event = yaml_event_t()
        guard make(&event) == 1, yaml_emitter_emit(emitter, &event) == 1 else {
            throw YAMLError(emitter.pointee.problem.map { String(cString: $0) } ?? "no memory", line: nil)
        }
    }

    private func emit(_ tree: ConfigurationTree) throws(YAMLError) {
        switch tree {
        case .scalar(let text, let isText):
            // Text that would read as something else is quoted.
            let plain = ConfigurationTree.scalar(text, quoted: false)
            let ambiguous = isText && (plain.isNull || plain.bool != nil || plain.number != nil)
            try emit(text, ambiguous ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE)
        case .sequence(let items):
            let isFlat = items.allSatisfy { if case .scalar = $0 { true } else { false } }
            let style = isFlat ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            try emit { yaml_sequence_start_event_initialize(&$0, nil, nil, 1, style) }
            for item in items { try emit(item) }
            try emit { yaml_sequence_end_event_initialize(&$0) }
        case .mapping(let entries):
            let style = entries.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
            try emit { yaml_mapping_start_event_initialize(&$0, nil, nil, 1, style) }
            for entry in entries {
                try emit(entry.key, YAML_ANY_SCALAR_STYLE)
                try emit(entry.value)
            }
            try emit { yaml_mapping_end_event_initialize(&$0) }
        }
    }

    private func emit(_ text: String, _ style: yaml_scalar_style_t) throws(YAMLError) {
        let bytes = Array(text.utf8)
        try emit { event in
            bytes.withUnsafeBufferPointer {
                // An empty text needs an address too.
                withUnsafePointer(to: 0 as UInt8) { [memory = $0] none in
                    yaml_scalar_event_initialize(
                        &event, nil, nil, memory.baseAddress ?? none, Int32(bytes.count), 1, 1, style)
                }
            }
        }
    }
}
