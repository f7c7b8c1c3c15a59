extension TarShards {
    /// Gives the samples their final labels and returns the class names; nil if nothing is labelled.
    /// - Parameters:
    ///   - samples: the samples of all shards. Their labels are indices into their shard's table.
    ///   - facts: the fields of .json members, including sets of labels.
    ///   - starts: the first sample of each shard, and the end of the last.
    ///   - tables: the labels of each shard.
    ///   - names: the class names in the shards.
    ///   - known: the class names that define the labels.
    ///   - listing: receives the labels without a class.
    static func label(
        _ samples: inout [ShardIndex.Sample], _ facts: inout ImageColumns, starts: [Int], tables: [ClassTable],
        names: [String]?, known: [String]?, listing: inout SourceListing
    ) -> [String]? {
        var table = ClassTable()
        for (shard, own) in tables.enumerated() where !own.labels.isEmpty {
            let places = own.labels.map { table.place(of: $0, uses: 0) }
            for place in starts[shard]..<starts[shard + 1] where samples[place].label >= 0 {
                let label = places[Int(samples[place].label)]
                samples[place].label = Int32(table.place(of: table.labels[label]))
            }
        }
        let sets = zip(facts.labelUses, 0...).map { uses, text in
            ClassTable.label(facts.labelTexts[text]).map { table.place(of: $0, uses: uses) }
        }
        guard !table.labels.isEmpty else { return nil }
        let (own, places) = TarShards.classes(of: table, names: names, known: known)
        let final = ClassNames.places(of: own, in: known ?? own)
        facts.replaceLabels(
            by: sets.map { label in label.flatMap { places[$0] }.flatMap { final[$0].index }.map { Int32($0) } ?? -1 })
        var unknown = [Int](repeating: 0, count: own.count)
        var wrong = 0
        for index in samples.indices where samples[index].label >= 0 {
            let label = places[Int(samples[index].label)]
            samples[index].label = label.flatMap { final[$0].index }.map { Int32($0) } ?? -1
            if let label { unknown[label] += samples[index].label < 0 ? 1 : 0 } else { wrong += 1 }
        }
        if wrong > 0 {
            let first = places.firstIndex { $0 == nil }.map { table.labels[$0] } ?? ""
            listing.note(
                .badLabel, "labels",
                "\(counted(wrong, "image")) without a class: none of the "
                    + "\(counted(own.count, "class", "classes")) is that of the label, as \(first)")
        }
        for (label, images) in unknown.enumerated() where images > 0 {
            listing.note(unknown: own[label], final[label], images: images, isListed: true)
        }
        return known ?? own
    }

    /// The shards' own classes, and for each label its index among them; nil if it has none.
    private static func classes(
        of table: ClassTable, names: [String]?, known: [String]?
    ) -> (names: [String], places: [Int?]) {
        if let names { return (names, table.classes(among: names)) }
        let own = table.classes()
        // If the shards have no class names, numbers that are not known names are indices of the known names.
        if let known, !ClassNames.places(of: own.names, in: known).contains(where: { $0.index != nil }) {
            let places = table.classes(among: known)
            if places.contains(where: { $0 != nil }) { return (known, places) }
        }
        return own
    }

    /// Uses the folders in the shards as classes if there are no labels and no captions. Returns the names; empty if
    /// there are no such folders.
    static func label(
        _ samples: inout [ShardIndex.Sample], byFoldersIn text: [UInt8], known: [String]?,
        listing: inout SourceListing
    ) -> [String] {
        let none = known ?? []
        guard samples.allSatisfy({ $0.caption < 0 }) else { return none }
        var paths: [[ArraySlice<UInt8>]] = []
        paths.reserveCapacity(samples.count)
        for sample in samples {
            let path = text[sample.name..<sample.name + Int(sample.nameLength)]
            let folders = path.split(separator: UInt8(ascii: "/")).dropLast().filter { !$0.elementsEqual(".".utf8) }
            guard !folders.isEmpty else { return none }
            paths.append(folders)
        }
        var depth = 0
        while paths.allSatisfy({ $0.count > depth && $0[depth] == paths[0][depth] }) { depth += 1 }
        guard paths.allSatisfy({ $0.count > depth }) else { return none }
        var table = ClassTable()
        for (place, folders) in paths.enumerated() {
            samples[place].label = Int32(table.place(of: printable(folders[depth])))
        }
        let sides = Set(table.labels.compactMap { Side.meant(byFolder: Array($0.utf8))?.side })
        let isSplit = sides.count > 1 && sides.contains(.train)
        guard !isSplit, table.labels.count > 1, 2 * table.labels.count <= samples.count else {
            for place in samples.indices { samples[place].label = -1 }
            if isSplit {
                listing.note(
                    .classesFromFolders, "folders",
                    "\(table.labels.joined(separator: "/, "))/ are folders in the shards, and all are used; "
                        + "unpack the shards (tar xf) to have sides")
            }
            return none
        }
        let own = table.labels.sorted { precedes(Array($0.utf8), Array($1.utf8)) }
        let places = ClassNames.places(of: table.labels, in: known ?? own)
        var counts = [Int](repeating: 0, count: places.count)
        for index in samples.indices {
            let label = Int(samples[index].label)
            counts[label] += 1
            samples[index].label = places[label].index.map { Int32($0) } ?? -1
        }
        for (label, place) in places.enumerated() where place.index == nil {
            listing.note(unknown: table.labels[label], place, images: counts[label], isListed: true)
        }
        listing.note(
            .classesFromFolders, "folders",
            "no image has a label, so the \(grouped(own.count)) folders in the shards are the classes")
        return known ?? own
    }

    static func sidecar(of shard: [UInt8]) -> [String]? {
        let folder = shard.lastIndex(of: UInt8(ascii: "/")).map { Array(shard[...$0]) } ?? []
        let buffer = FileBuffer(limit: ShardIndex.classesLimit)
        let path = (folder + Array("classes.txt".utf8) + [0]).map { CChar(bitPattern: $0) }
        guard (try? buffer.read(path: path, name: "classes.txt")) != nil else { return nil }
        let names = ShardIndex.lines(buffer.bytes)
        return names.isEmpty ? nil : names
    }
}
