/// The folds of a cross-validation: every image is judged once, by what is learnt from all other folds.
///
/// Dealt by `GroupedDeal`: classes are spread evenly, and no group is cut.
public struct Folds: Sendable {
    /// Number of folds.
    public let count: Int
    /// The seed that they are dealt by.
    public let seed: UInt64
    /// Of each image its fold.
    public let parts: [Int]
    /// Number of groups; nil where the source names none.
    public let groups: Int?

    /// Deals a source's images.
    /// - Throws: `DataError` where there are fewer groups, or images, than folds.
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

    /// The rule in words, as in `5 folds, stratified, no group of 31 cut, seed 0`.
    public var words: String {
        "\(count) folds, stratified" + (groups.map { ", no group of \(grouped($0)) cut" } ?? "") + ", seed \(seed)"
    }
}
