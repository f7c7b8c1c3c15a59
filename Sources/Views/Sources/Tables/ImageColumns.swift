import Files

/// The columns of tables and shards. Repeated texts are stored once, and a missing column takes no memory.
struct ImageColumns: Sendable {
    /// The values of a column; rows after its end are blank.
    struct Column<Value: Sendable>: Sendable {
        private(set) var values: [Value] = []
        private let blank: Value

        init(blank: Value) { self.blank = blank }

        subscript(row: Int) -> Value { row < values.count ? values[row] : blank }

        mutating func set(_ value: Value, at row: Int) {
            while values.count < row { values.append(blank) }
            if values.count == row { values.append(value) } else { values[row] = value }
        }

        mutating func keep(_ rows: [Int]) {
            guard !values.isEmpty else { return }
            values = rows.map { self[$0] }
        }

        mutating func map(_ body: (Value) -> Value) {
            for row in values.indices { values[row] = body(values[row]) }
        }
    }

    /// A range of an array that all rows share.
    struct Span: Sendable {
        var start: UInt32 = 0
        var count: UInt32 = 0
        var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
    }

    /// Why a field is invalid.
    struct Nonsense: Error {
        var reason: String
    }

    /// The columns that have a value in some row.
    private(set) var columns = Set<ImageColumn>()
    /// The distinct labels as written.
    private(set) var labelTexts = TextTable()
    private var label = Column<Int32>(blank: -1)
    /// The range of each row in `members`.
    private var set = Column(blank: Span())
    /// Indices into `labelTexts`, later classes.
    private var members: [Int32] = []
    /// For each of `labelTexts` the number of the last set that has it, from 1. Searching a long set for each label
    /// would be slow.
    private var lastSet: [UInt32] = []
    /// The number of sets so far; a row's set may be replaced.
    private var sets: UInt32 = 0
    private var value = Column(blank: Double.nan)
    private var weight = Column(blank: Double.nan)
    private var groupTexts = TextTable()
    private var group = Column<Int32>(blank: -1)
    /// The distinct sides as written.
    private(set) var splitTexts = TextTable()
    private var split = Column<Int32>(blank: -1)
    /// The side of each of `splitTexts`, once known.
    private var sides: [Side?] = []

    /// The separator of labels in one field.
    static let separator = UInt8(ascii: "|")
    /// The most bytes of a label, a side or a group.
    static let textLimit = 4096

    // MARK: Reading

    /// The only class of a row; nil if it has none, or several.
    func label(_ row: Int) -> Int? {
        let label = label[row]
        if label >= 0 { return Int(label) }
        let set = set[row]
        return set.count == 1 ? Int(members[Int(set.start)]) : nil
    }

    /// All classes of a row.
    func labels(_ row: Int) -> [Int] {
        let set = set[row]
        let label = label[row]
        return set.count > 0 ? members[set.range].map(Int.init) : label >= 0 ? [Int(label)] : []
    }

    /// The other fields of a row.
    func fields(_ row: Int) -> ImageFields {
        var fields = ImageFields()
        let (value, weight) = (value[row], weight[row])
        if !value.isNaN { fields.value = value }
        if !weight.isNaN { fields.weight = weight }
        let (group, split) = (Int(group[row]), Int(split[row]))
        if group >= 0 { fields.group = printable(groupTexts[group]) }
        if sides.indices.contains(split) { fields.side = sides[split] }
        return fields
    }

    // MARK: Writing

    /// Sets the value of a column in a row.
    /// - Throws: the reason if the value is invalid.
    mutating func set(_ column: ImageColumn, _ bytes: UnsafeRawBufferPointer, at row: Int) throws(Nonsense) {
        columns.insert(column)
        try put(column, bytes, at: row)
    }

    /// The same, for a column that is noted already.
    mutating func put(_ column: ImageColumn, _ bytes: UnsafeRawBufferPointer, at row: Int) throws(Nonsense) {
        guard !bytes.isEmpty else { return }
        switch column {
        case .path, .caption: break
        case .label: label.set(try place(ofLabel: bytes), at: row)
        case .labels:
            var span = beginSet()
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: ImageColumns.separator) ?? bytes.count
                if end > start { try add(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), to: &span) }
                start = end + 1
            }
            set.set(span, at: row)
        case .value: value.set(try ImageColumns.number(bytes, "value"), at: row)
        case .weight:
            let number = try ImageColumns.number(bytes, "weight")
            guard !(number < 0) else { throw Nonsense(reason: "the weight is negative: \(number)") }
            weight.set(number, at: row)
        case .group:
            try ImageColumns.checkLength(bytes, "group")
            group.set(Int32(try groupTexts.place(of: bytes)), at: row)
        case .split:
            try ImageColumns.checkLength(bytes, "side")
            split.set(Int32(try splitTexts.place(of: bytes)), at: row)
        }
    }

    /// Notes that rows have these columns.
    mutating func mention(_ columns: some Sequence<ImageColumn>) { self.columns.formUnion(columns) }

    /// Sets the labels of a row, given as a list.
    mutating func setLabels(_ texts: some Sequence<UnsafeRawBufferPointer>, at row: Int) throws(Nonsense) {
        columns.remove(.label)
        columns.insert(.labels)
        var span = beginSet()
        for text in texts { try add(text, to: &span) }
        set.set(span, at: row)
    }

    private mutating func beginSet() -> Span {
        sets += 1
        return Span(start: UInt32(members.count))
    }

    private mutating func add(_ text: UnsafeRawBufferPointer, to span: inout Span) throws(Nonsense) {
        let label = try place(ofLabel: text)
        let place = Int(label)
        while lastSet.count <= place { lastSet.append(0) }
        guard lastSet[place] != sets else { return }
        lastSet[place] = sets
        members.append(label)
        span.count += 1
    }

    /// The index of a label in `labelTexts`. Only the bytes of a new one are checked.
    private mutating func place(ofLabel bytes: UnsafeRawBufferPointer) throws(Nonsense) -> Int32 {
        try ImageColumns.checkLength(bytes, "label")
        let known = labelTexts.count
        let place = try labelTexts.place(of: bytes)
        if place == known { try ImageColumns.check(bytes, "label") }
        return Int32(place)
    }

    /// Sets the fields of an object in a row, except its path and its caption.
    mutating func set(_ object: TableObject, at row: Int) throws(Nonsense) {
        for (column, text) in object.texts where column != .path && column != .caption {
            try Array(text.utf8).withUnsafeBufferPointer { bytes throws(Nonsense) in
                try self.set(column, UnsafeRawBufferPointer(bytes), at: row)
            }
        }
        guard let labels = object.labels else { return }
        columns.remove(.label)
        // A key for labels takes precedence over a list under another key.
        guard object.texts[.labels] == nil else { return }
        let texts = labels.map { Array($0.utf8) }
        // Written tables use it as the separator of labels.
        guard !texts.contains(where: { $0.contains(ImageColumns.separator) }) else {
            throw Nonsense(reason: "a label has | in it")
        }
        var start = 0
        try texts.flatMap { $0 }.withUnsafeBufferPointer { bytes throws(Nonsense) in
            let parts = texts.map { text in
                defer { start += text.count }
                return UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<start + text.count]))
            }
            try self.setLabels(parts, at: row)
        }
    }

    /// Appends the rows of another value.
    /// - Parameter start: the row that the other's first becomes.
    /// - Throws: if there is no room for their texts.
    mutating func append(_ other: ImageColumns, at start: Int) throws(Nonsense) {
        columns.formUnion(other.columns)
        let labels = try labelTexts.places(of: other.labelTexts)
        let groups = try groupTexts.places(of: other.groupTexts)
        let splits = try splitTexts.places(of: other.splitTexts)
        for (row, place) in other.label.values.enumerated() where place >= 0 {
            label.set(labels[Int(place)], at: start + row)
        }
        for (row, place) in other.group.values.enumerated() where place >= 0 {
            group.set(groups[Int(place)], at: start + row)
        }
        for (row, place) in other.split.values.enumerated() where place >= 0 {
            split.set(splits[Int(place)], at: start + row)
        }
        for (row, number) in other.value.values.enumerated() where !number.isNaN { value.set(number, at: start + row) }
        for (row, number) in other.weight.values.enumerated() where !number.isNaN {
            weight.set(number, at: start + row)
        }
        for (row, span) in other.set.values.enumerated() where span.count > 0 {
            set.set(Span(start: UInt32(members.count), count: span.count), at: start + row)
            members += other.members[span.range].map { labels[Int($0)] }
        }
    }

    private static func check(_ bytes: UnsafeRawBufferPointer, _ what: String) throws(Nonsense) {
        guard String(validating: bytes, as: UTF8.self) == nil else { return }
        throw Nonsense(reason: "the \(what) is not text in UTF-8; save the table as UTF-8")
    }

    private static func checkLength(_ bytes: UnsafeRawBufferPointer, _ what: String) throws(Nonsense) {
        guard bytes.count > textLimit else { return }
        throw Nonsense(reason: "the \(what) has \(grouped(bytes.count)) bytes, at most \(grouped(textLimit)) are read")
    }

    /// Throws if a text is not UTF-8.
    static func checkCaption(_ bytes: UnsafeRawBufferPointer) throws(Nonsense) { try check(bytes, "caption") }

    /// A number, with a full stop or a comma before its fraction; NaN if the text is `nan` or blank.
    private static func number(_ bytes: UnsafeRawBufferPointer, _ what: String) throws(Nonsense) -> Double {
        let text = String(decoding: bytes.filter { $0 != 0x20 }, as: UTF8.self)
        if text.isEmpty || ["nan", "na", "null", "none"].contains(text.lowercased()) { return .nan }
        guard let number = Double(text) ?? Double(String(text.map { $0 == "," ? "." : $0 })), number.isFinite else {
            throw Nonsense(reason: "the \(what) is no number: \(SystemPath.printable(bytes.prefix(40)))")
        }
        return number
    }

    // MARK: After all rows

    /// Keeps only the given rows, in ascending order.
    mutating func keep(_ rows: [Int]) {
        label.keep(rows)
        set.keep(rows)
        value.keep(rows)
        weight.keep(rows)
        group.keep(rows)
        split.keep(rows)
    }

    /// Frees the memory reserved for growth.
    mutating func close() {
        labelTexts.close()
        lastSet = []
        groupTexts.close()
        splitTexts.close()
    }

    /// The number of rows that have any of some of `labelTexts`.
    func rows(labelled places: [Int]) -> Int {
        var isMeant = [Bool](repeating: false, count: labelTexts.count)
        for place in places { isMeant[place] = true }
        return (0..<max(label.values.count, set.values.count)).count { row in
            label[row] >= 0 && isMeant[Int(label[row])] || members[set[row].range].contains { isMeant[Int($0)] }
        }
    }

    /// The number of images of each of `labelTexts`.
    var labelUses: [Int] {
        var uses = [Int](repeating: 0, count: labelTexts.count)
        for place in label.values where place >= 0 { uses[Int(place)] += 1 }
        for span in set.values { for member in members[span.range] { uses[Int(member)] += 1 } }
        return uses
    }

    /// Replaces labels by classes; a negative class removes the label.
    mutating func replaceLabels(by classes: [Int32]) {
        label.map { $0 < 0 ? -1 : classes[Int($0)] }
        var kept: [Int32] = []
        // For each class the start of the last set that has it, since two texts may be one class.
        var last = [Int](repeating: -1, count: Int(classes.max() ?? -1) + 1)
        set.map { span in
            let start = kept.count
            for member in members[span.range] {
                let place = classes[Int(member)]
                guard place >= 0, last[Int(place)] != start else { continue }
                last[Int(place)] = start
                kept.append(place)
            }
            return Span(start: UInt32(start), count: UInt32(kept.count - start))
        }
        members = kept
    }

    /// Sets one label per row from a list; negative for none.
    mutating func setLabels(_ places: [Int32], texts: TextTable) {
        labelTexts = texts
        label = Column(blank: -1)
        for (row, place) in places.enumerated() where place >= 0 { label.set(place, at: row) }
        columns.insert(.label)
    }

    /// Finds the sides of the words. If none is the name of a side, numbers are folds, which become the groups unless
    /// there are others.
    /// - Returns: a note; nil if there is nothing to note.
    mutating func findSides() -> String? {
        guard columns.contains(.split) else { return nil }
        let texts = (0..<splitTexts.count).map { splitTexts[$0] }
        sides = texts.map { Side.meant(byFolder: $0)?.side }
        if sides.contains(where: { $0 != nil }) { return nil }
        columns.remove(.split)
        defer { split = Column(blank: -1) }
        if texts.allSatisfy({ $0.allSatisfy { (0x30...0x39).contains($0) } }), columns.insert(.group).inserted {
            (groupTexts, group) = (splitTexts, split)
            return "holds numbers, so its folds are the groups"
        }
        let examples = texts.prefix(3).map { printable($0) }.joined(separator: ", ")
        return "is not used: none of its words (\(examples)) is train, test or val"
    }
}
