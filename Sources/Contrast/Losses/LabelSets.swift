import Torch

/// The labels of the images of a batch: a set for each, empty for an image of unknown class.
public struct LabelSets: Equatable, Sendable {
    /// A set for each image.
    public let sets: [[Int]]

    /// Takes a set for each image.
    public init(_ sets: [[Int]]) { self.sets = sets }

    /// Takes a class for each image, -1 for an unknown one.
    public init(classes: [Int]) { sets = classes.map { $0 < 0 ? [] : [$0] } }

    /// The class of each image; -1 if it has none or several.
    var classes: [Int] { sets.map { $0.count == 1 ? $0[0] : -1 } }

    /// The number of images.
    public var count: Int { sets.count }

    /// The Jaccard index of the sets of every two images, `|A and B| / |A or B|`, `[N, N]`.
    ///
    /// It is 1 for an image with itself. An image without labels shares none.
    func similarities(dtype: DType, device: Device) throws(TorchError) -> Tensor {
        // An unknown class is one of its own.
        let known = sets.enumerated().map { $1.isEmpty ? [-1 - $0] : $1 }
        if known.allSatisfy({ $0.count == 1 }) {
            let classes = try Tensor(known.map { Int64($0[0]) }, shape: [count]).to(device: device)
            return try classes.unsqueeze(1).eq(classes.unsqueeze(0)).to(dtype)
        }
        var columns: [Int: Int] = [:]
        for label in known.joined() where columns[label] == nil { columns[label] = columns.count }
        var members = [Float](repeating: 0, count: count * columns.count)
        for (row, set) in known.enumerated() {
            for label in set { members[row * columns.count + (columns[label] ?? 0)] = 1 }
        }
        let matrix = try Tensor(members, shape: [count, columns.count]).to(device: device).to(dtype)
        let shared = try matrix.matmul(matrix.transpose(0, 1))
        let sizes = try matrix.sum(dim: 1)
        return try shared / (sizes.unsqueeze(1) + sizes.unsqueeze(0) - shared)
    }
}
