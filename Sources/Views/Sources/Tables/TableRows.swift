/// The rows of a table: paths, captions and the other columns.
struct TableRows: Sendable {
    /// Number of rows.
    private(set) var count = 0
    /// The distinct paths.
    private(set) var paths = TextTable()
    /// The index of each row's path in `paths`.
    private(set) var path: [Int32] = []
    /// The other columns.
    var columns = ImageColumns()

    private var captions: [UInt8] = []
    private var captionSpans = ImageColumns.Column(blank: ImageColumns.Span())
    private var hasPath = false

    /// The path of a row.
    func name(_ row: Int) -> ArraySlice<UInt8> { paths[Int(path[row])] }

    /// The caption of a row; empty if it has none.
    func caption(_ row: Int) -> ArraySlice<UInt8> { captions[captionSpans[row].range] }

    /// The number of distinct images.
    var distinctPaths: Int {
        var isNamed = [Bool](repeating: false, count: paths.count)
        for place in path { isNamed[Int(place)] = true }
        return isNamed.count { $0 }
    }

    /// Rows that repeat an image, with the first row of that image.
    var repeats: [Int: Int] {
        var first = [Int32](repeating: -1, count: paths.count)
        var repeats: [Int: Int] = [:]
        for row in 0..<count {
            let place = Int(path[row])
            if first[place] < 0 { first[place] = Int32(row) } else { repeats[row] = Int(first[place]) }
        }
        return repeats
    }

    /// Sets the value of a column, which is noted already, in the current row.
    /// - Throws: the reason if the value is invalid.
    mutating func set(_ column: ImageColumn, _ bytes: UnsafeRawBufferPointer) throws(ImageColumns.Nonsense) {
        try columns.put(column, bytes, at: count)
        guard !bytes.isEmpty else { return }
        switch column {
        case .path:
            guard bytes.contains(where: { $0 != 0x20 }) else { return }
            guard !bytes.contains(0) else {
                throw ImageColumns.Nonsense(reason: "the image's path has a zero byte in it")
            }
            path.append(Int32(try paths.place(of: bytes)))
            hasPath = true
        case .caption:
            try ImageColumns.checkCaption(bytes)
            captionSpans.set(.init(start: UInt32(captions.count), count: UInt32(bytes.count)), at: count)
            captions.append(contentsOf: bytes)
        default: break
        }
    }

    /// Adds an object.
    mutating func add(_ object: TableObject) throws(ImageColumns.Nonsense) {
        try columns.set(object, at: count)
        for (column, text) in object.texts where column == .path || column == .caption {
            columns.mention([column])
            try Array(text.utf8).withUnsafeBufferPointer { bytes throws(ImageColumns.Nonsense) in
                try self.set(column, UnsafeRawBufferPointer(bytes))
            }
        }
        try end()
    }

    /// Adds the last object of a scanner, whose columns are noted already.
    mutating func add(_ object: ObjectScanner) throws(ImageColumns.Nonsense) {
        try object.bytes.withUnsafeBufferPointer { all throws(ImageColumns.Nonsense) in
            let bytes = UnsafeRawBufferPointer(all)
            for value in object.values where value.kind != .null {
                guard value.kind == .list else {
                    try self.set(value.column, UnsafeRawBufferPointer(rebasing: bytes[value.range]))
                    continue
                }
                let texts = object.items[value.range].lazy.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
                try self.columns.setLabels(texts, at: self.count)
            }
        }
        try end()
    }

    /// Reserves memory for `factor` times the present rows.
    mutating func reserve(_ factor: Double) {
        paths.reserve(factor)
        path.reserveCapacity(Int(Double(count) * factor))
    }

    /// Ends the current row.
    mutating func end() throws(ImageColumns.Nonsense) {
        guard hasPath else { throw ImageColumns.Nonsense(reason: "names no image") }
        hasPath = false
        count += 1
    }

    // MARK: After all rows

    /// Keeps only the given rows, in ascending order.
    mutating func keep(_ rows: [Int]) {
        guard rows.count < count else { return }
        path = rows.map { path[$0] }
        columns.keep(rows)
        captionSpans.keep(rows)
        count = rows.count
    }

    /// Frees the memory reserved for growth.
    mutating func close() {
        paths.close()
        columns.close()
    }

    /// Makes classes of the labels, and turns the labels of rows into class indices.
    /// - Parameters:
    ///   - path: the table.
    ///   - listing: receives the rows with invalid labels.
    /// - Returns: the class names.
    mutating func makeClasses(_ path: String, _ listing: inout SourceListing) -> [String] {
        var table = ClassTable()
        let (uses, texts) = (columns.labelUses, columns.labelTexts)
        let places: [Int?] = uses.indices.map { text in
            guard uses[text] > 0, let label = ClassTable.label(texts[text]) else { return nil }
            return table.place(of: label, uses: uses[text])
        }
        let (names, classes) = table.classes()
        let wrong = uses.indices.filter { uses[$0] > 0 && places[$0] == nil && !ClassTable.isBlank(texts[$0]) }
        let others = uses.indices.filter { places[$0].map { classes[$0] == nil } ?? false }
        let isOfNumbers = names.first.map(ClassTable.isNumber) ?? false
        let lost = [
            (wrong, "a label must be a word or a number from 0 to 2^53 - 1, on one line, of at most 256 bytes"),
            (
                others,
                isOfNumbers
                    ? "more labels are numbers, so words are none" : "more labels are words, so numbers are none"
            ),
        ]
        let reasons = lost.filter { !$0.0.isEmpty }.map { labels, rule in
            let rows = columns.rows(labelled: labels)
            return "\(counted(rows, "row")) \(rows == 1 ? "has" : "have") a label that is not a class; the first is "
                + "\(printable(texts[labels[0]].prefix(40))): \(rule)"
        }
        if !reasons.isEmpty { listing.note(.badLabel, path, reasons.joined(separator: "; ")) }
        columns.replaceLabels(by: places.map { place in place.flatMap { classes[$0] }.map { Int32($0) } ?? -1 })
        return names
    }

    /// Uses the first folder of each path as its label, as in `cat/1.jpg`. Does nothing if a path has no folder, or if
    /// all have the same.
    mutating func labelByFolders() {
        var texts = TextTable()
        var labels: [Int32] = []
        for row in 0..<count {
            let path = name(row)
            guard let slash = path.firstIndex(of: UInt8(ascii: "/")), slash > path.startIndex else { return }
            guard let place = try? path[..<slash].withUnsafeBytes({ try texts.place(of: $0) }) else { return }
            labels.append(Int32(place))
        }
        if texts.count > 1 { columns.setLabels(labels, texts: texts) }
    }
}
