/// The crops that `CropOverlap` ties together, found and checked when the graph is built.
struct CropTie: Sendable {
    private let overlap: CropOverlap
    private let crops: [Int: ResizedCrop]
    private let first: (view: Int, crop: ResizedCrop, target: Size)

    /// - Throws: `InvalidSetting` where a branch is not known or does not begin with a crop, or where there is one
    ///   view.
    init(_ overlap: CropOverlap, branches: [ViewPipeline.Branch]) throws(InvalidSetting) {
        do {
            try overlap.validate()
        } catch {
            throw InvalidSetting("overlap.\(error.key)", error.reason)
        }
        let names = branches.map(\.name)
        for (index, name) in (overlap.branches ?? []).enumerated() where !names.contains(name) {
            throw InvalidSetting(
                "overlap.branches[\(index)]",
                "\(name) is not a branch; \(advice(for: name, among: names, areOwn: true))")
        }
        var crops: [Int: ResizedCrop] = [:]
        var views = 0
        var start: (view: Int, crop: ResizedCrop, target: Size)?
        var view = 0
        for (index, branch) in branches.enumerated() {
            defer { view += branch.count }
            guard overlap.branches?.contains(branch.name) ?? true else { continue }
            guard let crop = branch.steps.first as? ResizedCrop else {
                let found = branch.steps.first.map { type(of: $0).name } ?? "nothing"
                throw InvalidSetting(
                    "overlap",
                    "\(branch.name) must begin with resized_crop, but begins with \(found)")
            }
            crops[index] = crop
            views += branch.count
            start = start ?? (view, crop, branch.size)
        }
        guard let start, views > 1 else {
            throw InvalidSetting("overlap", "needs the crops of at least two views, has \(views)")
        }
        self.overlap = overlap
        self.crops = crops
        first = start
    }

    /// Replaces the crop that a view drew by one that overlaps the first view's; `size` is that of the branches' input.
    func tie(_ steps: inout [DrawnStep], key: RandomKey, branch index: Int, size: Size, target: Size) {
        guard let crop = crops[index], key.view != first.view, !steps.isEmpty else { return }
        var firstKey = key
        firstKey.view = first.view
        var random = RandomStream(firstKey)
        guard let drawn = first.crop.sample(from: &random, input: size, target: first.target) else { return }
        random = RandomStream(key)
        let region = overlap.region(of: crop, first: drawn.region, from: &random, input: size, target: target)
        steps[0] = DrawnStep(
            name: ResizedCrop.name, parameters: ResizedCrop.Parameters(region: region, size: target))
    }
}
