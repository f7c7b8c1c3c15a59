/// IMAGES, opened for a command that uses one side or all of it.
public struct OpenedImages: Sendable {
    /// The images.
    public let source: any Source
    /// The layout of IMAGES.
    public let layout: FolderLayout
    /// What each part is, and what was skipped.
    public let summary: SourceSummary

    /// Opens a side.
    /// - Parameters:
    ///   - images: the argument of the command.
    ///   - choice: the requested side.
    ///   - usual: the default without a request: the training images, or all.
    ///   - options: how sources are opened.
    /// - Throws: `DataError` if there is no such side, or if it cannot be used.
    public init(
        _ images: String, side choice: SideChoice? = nil, usual: SideChoice = .train,
        options: SourceOptions = SourceOptions()
    ) throws(DataError) {
        try self.init(
            FolderLayout(opening: images, side: choice, options: options), side: choice, usual: usual, options: options)
    }

    /// Opens a side of a layout.
    init(
        _ layout: FolderLayout, side choice: SideChoice? = nil, usual: SideChoice = .train, options: SourceOptions
    ) throws(DataError) {
        let images = layout.images
        let wanted = choice ?? usual
        let parts: [FolderLayout.Part]
        if let side = wanted.side, let part = layout.part(side) {
            parts = [part]
        } else if let side = choice?.side {
            throw DataError(path: images, reason: "has no \(side.rawValue) side: \(layout.contents)")
        } else if wanted == .train, layout.parts.count > 1 {
            throw DataError(
                path: images, reason: "has no train side; \(layout.contents); choose a side with --side")
        } else {
            parts = layout.parts
        }
        let source: any Source
        if parts.isEmpty {
            source = try Sources.open(layout.whole, options: options)
        } else if parts.count == 1, wanted != .all {
            source = try Sources.open(parts[0].place, options: options)
        } else {
            var sides: [(side: Side, images: any Source)] = []
            for part in parts { sides.append((part.side, try layout.open(part, options: options))) }
            source = JoinedSides(sides)
        }
        let joined = source as? JoinedSides
        var summed: [SourceSummary.Part] = parts.isEmpty ? [.init(nil, source)] : []
        for part in layout.parts {
            guard parts.contains(where: { $0.side == part.side }) else {
                summed.append(.init(part, nil, role: "not used"))
                continue
            }
            let images = joined.map { $0.parts.first { $0.side == part.side }?.images } ?? source
            summed.append(.init(part, images))
        }
        self.source = source
        self.layout = layout
        summary = SourceSummary(layout, parts: summed)
    }
}

extension FolderLayout {
    /// The sides in words, for messages.
    var contents: String {
        guard !parts.isEmpty else { return "it holds neither train/ nor test/ nor val/" }
        return "it holds \(parts.map(\.name).joined(separator: " and "))"
    }

    /// Opens a side. Names begin with its folder.
    func open(_ part: Part, options: SourceOptions) throws(DataError) -> any Source {
        let source = try Sources.open(part.place, options: options)
        guard case .path = part.place else { return source }
        return SideImages(source, folder: part.name)
    }

    /// Opens a side of the test images, or all images without sides. Names begin with the whole path.
    func open(_ part: Part?, options: SourceOptions) throws(DataError) -> any Source {
        let source = try Sources.open(part?.place ?? whole, options: options)
        guard case .path(let folder) = part?.place ?? whole, source is ImageFolder else { return source }
        return SideImages(source, folder: printable(folder.last == UInt8(ascii: "/") ? folder : folder + [0x2F]))
    }
}
