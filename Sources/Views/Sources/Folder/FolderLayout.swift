import Files

/// The layout of IMAGES: which part is for training, which for testing, and what is not used.
///
/// All commands use the same rule. A folder that holds `train` and any of `test`, `testing`, `eval`, `val`, `valid`,
/// `validation` or `dev`, in upper or lower case and with additions such as `set` or `2017`, has sides. So have tar
/// files in one folder with these words in their names, and binary CIFAR. A folder whose only content is one folder of
/// folders is replaced by that folder. Otherwise folders are classes.
public struct FolderLayout: Sendable {
    /// One side.
    public struct Part: Sendable {
        /// What it is for.
        public let side: Side
        /// Its name in the root, as in `train/`.
        public let name: String
        let place: Place
    }

    /// Where images lie.
    enum Place: Sendable {
        case path([UInt8])
        case shards([[UInt8]])
        case records(folder: String, CIFARBinary.Part)
        /// Images that had to be opened to find their sides.
        case opened(any Source)
    }

    /// IMAGES, as the caller gave it.
    public let images: String
    /// The folder that is used, printable: IMAGES, or the only folder inside it.
    public let root: String
    /// The sides, in the order train, test, validation; empty if the images have no sides.
    public private(set) var parts: [Part] = []
    /// Notes, one line each: what else is there, and how it was read.
    public private(set) var notes: [String] = []
    /// All images of IMAGES.
    private(set) var whole: Place

    /// How many levels of nested folders are searched.
    private static let depth = 8

    /// Reads only names of files and folders.
    /// - Parameters:
    ///   - images: a folder, or anything else that `Sources` opens; only folders have sides.
    ///   - choice: the requested side, which decides if names do not; with `unsplit` there are no sides.
    public init(_ images: String, side choice: SideChoice? = nil) {
        self.images = images
        let given = SystemPath.bytes(images)
        guard isFolder(images), choice != .unsplit else {
            (root, whole) = (images, .path(given))
            return
        }
        let inner = ImageTable.metadata(in: images) == nil ? FolderLayout.inside(given, depth: FolderLayout.depth) : nil
        let folder = inner ?? given
        if let table = ImageTable.metadata(in: SystemPath.text(folder)) {
            (root, whole) = (table, .path(folder))
            return
        }
        root = SystemPath.text(folder)
        whole = .path(folder)
        if inner != nil { notes.append("\(images) holds only \(root), which is used") }
        let glance = FolderGlance(folder)
        if glance.images == 0, !glance.tars.isEmpty, glance.folders.isEmpty {
            parts = FolderLayout.parts(ofShards: glance.tars, in: folder)
        } else if CIFARBinary.isPresent(in: root, .train), CIFARBinary.isPresent(in: root, .test) {
            parts = FolderLayout.parts(ofRecordsIn: root)
        } else {
            find(in: folder, glance, choice)
        }
    }

    /// The part of a side; nil without that side.
    public func part(_ side: Side) -> Part? { parts.first { $0.side == side } }

    // MARK: Tables

    /// Opens tables and shards to find their sides, since their rows or samples may name them.
    /// - Throws: `DataError` if they cannot be used.
    init(opening images: String, side choice: SideChoice? = nil, options: SourceOptions) throws(DataError) {
        self.init(images, side: choice)
        let kind = Sources.kind(of: root)
        let isTable = kind is ImageTable.Type
        guard isTable || (options.columns.isEmpty && options.root == nil) else {
            throw DataError(path: images, reason: "is not a table, so --column and --root do not apply")
        }
        guard isTable || (kind is TarShards.Type && parts.isEmpty) else { return }
        let source = try Sources.open(whole, options: options)
        whole = .opened(source)
        guard choice != .unsplit, source.columns.contains(.split) else { return }
        var rows: [Side: [Int]] = [:]
        var others = 0
        for index in 0..<source.count {
            if let side = source.fields(index).side { rows[side, default: []].append(index) } else { others += 1 }
        }
        if others > 0 {
            notes.append("\(counted(others, "image")) without a side \(others == 1 ? "is" : "are") not used")
        }
        parts = Side.allCases.compactMap { side in
            rows[side].map { Part(side: side, name: side.rawValue, place: .opened(Subset(source, indices: $0))) }
        }
    }

    // MARK: Folders

    private mutating func find(in folder: [UInt8], _ glance: FolderGlance, _ choice: SideChoice?) {
        // An empty val/ is not a side.
        let empty = glance.folders.filter { name in
            guard let (side, _) = Side.meant(byFolder: name), side != .train else { return false }
            return !FolderLayout.mayHoldImages(join(folder, name))
        }
        let folders = glance.folders.filter { !empty.contains($0) }
        let found = FolderLayout.sides(among: folders)
        guard let first = found.first else { return }
        let hasTrain = first.side == .train
        let isAlone = glance.images == 0 && folders.count == 1
        let hasPartner = found.count > 1 && (hasTrain || folders.count == found.count)
        let isAsked = choice?.side.map { side in found.contains { $0.side == side } } ?? false
        // A train/ on its own is a side if it holds class folders. If it holds images, it may be a class, such as
        // vehicles.
        let holdsClasses = hasTrain && found.count == 1 && FolderGlance(join(folder, first.name)).isOfFolders
        guard hasPartner || isAsked || isAlone || holdsClasses else {
            for (side, name) in found {
                let other = side == .train ? "no test/ or val/" : "no train/"
                notes.append(
                    "\(printable(name))/ counts as a class, since \(other) is beside it; --side \(side.rawValue) uses "
                        + "only its images")
            }
            return
        }
        parts = found.map { side, name in
            let path = join(folder, name)
            return Part(
                side: side, name: printable(name) + "/", place: .path(FolderLayout.twin(in: path, name) ?? path))
        }
        let used = Set(found.map(\.name))
        leaveAside(folders.filter { !used.contains($0) }, in: folder, images: glance.images)
        for name in empty { notes.append("\(printable(name))/ holds no images and is not used") }
    }

    /// The folder whose name fits each side best.
    private static func sides(among folders: [[UInt8]]) -> [(side: Side, name: [UInt8])] {
        var best: [Side: (rank: Int, name: [UInt8])] = [:]
        for name in folders {
            guard let (side, rank) = Side.meant(byFolder: name) else { continue }
            if best[side].map({ rank < $0.rank }) ?? true { best[side] = (rank, name) }
        }
        return Side.allCases.compactMap { side in best[side].map { (side, $0.name) } }
    }

    /// Notes what else is in a folder with sides.
    private mutating func leaveAside(_ others: [[UInt8]], in folder: [UInt8], images: Int) {
        if !others.isEmpty {
            let beside = parts.map(\.name).joined(separator: " and ")
            let names = others.prefix(5).map { name in
                "\(printable(name))/ (\(counted(FolderListing.count(of: join(folder, name)), "image")))"
            }.joined(separator: ", ")
            let more = others.count > 5 ? " and \(others.count - 5) more folders" : ""
            notes.append(
                "\(names)\(more) beside \(beside) \(others.count == 1 ? "is" : "are") not used; "
                    + "--side none takes all folders for classes")
        }
        if images > 0 {
            notes.append("\(counted(images, "image")) beside \(parts[0].name) \(images == 1 ? "is" : "are") not used")
        }
    }

    /// The only folder that holds images in a folder; nil if there is no such folder.
    private static func inside(_ folder: [UInt8], depth: Int) -> [UInt8]? {
        let glance = FolderGlance(folder)
        guard depth > 0, glance.images == 0, glance.tars.isEmpty else { return nil }
        let folders =
            glance.folders.count > 8 ? glance.folders : glance.folders.filter { mayHoldImages(join(folder, $0)) }
        guard folders.count == 1 else { return nil }
        // A folder with the name of a side is a side.
        if glance.folders.contains(where: { Side.meant(byFolder: $0) != nil }) { return nil }
        let child = join(folder, folders[0])
        let look = FolderGlance(child)
        if look.images > 0 { return nil }
        if look.folders.count > 1 || !look.tars.isEmpty || CIFARBinary.isPresent(in: SystemPath.text(child)) {
            return child
        }
        if let name = look.folders.first, Side.meant(byFolder: name) != nil { return child }
        return inside(child, depth: depth - 1)
    }

    /// `train/train/` for `train/`, as some archives have it.
    private static func twin(in folder: [UInt8], _ name: [UInt8]) -> [UInt8]? {
        let glance = FolderGlance(folder)
        guard glance.images == 0, glance.tars.isEmpty, glance.folders.count == 1 else { return nil }
        return glance.folders[0].map(lowercase) == name.map(lowercase) ? join(folder, glance.folders[0]) : nil
    }

    /// Whether a folder or its subfolders hold pictures of any format, tar files, links or unreadable folders.
    private static func mayHoldImages(_ folder: [UInt8], depth: Int = FolderLayout.depth) -> Bool {
        var found = depth == 0
        var folders: [[UInt8]] = []
        let failure = FolderEntries.each(of: folder) { name, type in
            if name.first == UInt8(ascii: ".") || FolderEntries.isSystem(name) { return true }
            if type == DT_DIR {
                folders.append(name)
                return true
            }
            found = found || type == DT_LNK || type == DT_UNKNOWN || FileKind(name: name) != .other || isTar(name)
            return !found
        }
        return found || failure != nil || folders.contains { mayHoldImages(join(folder, $0), depth: depth - 1) }
    }

    // MARK: Others

    private static func parts(ofShards names: [[UInt8]], in folder: [UInt8]) -> [Part] {
        var sides: [Side: [[UInt8]]] = [:]
        for name in names {
            guard let side = Side.meant(byFile: name) else { return [] }
            sides[side, default: []].append(name)
        }
        guard sides.count > 1, sides[.train] != nil else { return [] }
        return Side.allCases.compactMap { side in
            sides[side].map { names in
                let name = names.count == 1 ? printable(names[0]) : "\(printable(names[0])) and \(names.count - 1) more"
                return Part(side: side, name: name, place: .shards(names.map { join(folder, $0) }))
            }
        }
    }

    private static func parts(ofRecordsIn folder: String) -> [Part] {
        [(Side.train, CIFARBinary.Part.train), (.test, .test)].map { side, part in
            Part(
                side: side, name: CIFARBinary.fileNames(of: folder, part), place: .records(folder: folder, part))
        }
    }
}

/// A number with its noun, as in `1 class` and `12,000 classes`.
public func counted(_ count: Int, _ thing: String, _ things: String? = nil) -> String {
    "\(grouped(count)) \(count == 1 ? thing : things ?? thing + "s")"
}

/// A number with commas between thousands, as in `12,000`.
public func grouped(_ count: Int) -> String {
    let digits = Array(String(abs(count)))
    let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max(0, $0 - 3)..<$0]) }
    return (count < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
}
