/// The folds of a cross-validation: each image is in the test set of one fold and in the training set of all others.
///
/// `GroupedDeal` spreads the classes evenly and keeps each group in one fold.
public struct Folds: Sendable {
    /// Number of folds.
    public let count: Int
    /// The seed of the folds.
    public let seed: UInt64
    /// The fold of each image, from 0.
    public let parts: [Int]
    /// The number of groups; nil if the source names none.
    public let groups: Int?

    /// Assigns each image of a source to a fold.
    /// - Throws: `DataError` if there are fewer groups, or images, than folds.
    public init(_ source: any Source, count: Int, seed: UInt64) throws(DataError) {
        precondition(count >= 2, "a cross-validation has two folds at least")
        let deal = GroupedDeal(source)
        groups = source.columns.contains(.group) ? deal.groups : nil
        guard deal.groups >= count else {
            let what = groups == nil ? "image" : "group"
            throw DataError(path: "--folds", reason: "\(count) folds need as many \(what)s, there are \(deal.groups)")
        }
        (self.count, self.seed) = (count, seed)
        parts = deal.parts(shares: Array(repeating: 1 / Double(count), count: count), seed: seed)
    }

    /// How the folds were made, as in `5 folds, stratified, no group of 31 cut, seed 0`.
    public var words: String {
        "\(count) folds, stratified" + (groups.map { ", no group of \(grouped($0)) cut" } ?? "") + ", seed \(seed)"
    }
}
