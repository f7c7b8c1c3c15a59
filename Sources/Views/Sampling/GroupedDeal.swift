/// Divides a source's images into parts, such as train and test or the folds of a cross-validation. Each group stays in
/// one part, and each part gets its share of every class.
///
/// Images of one group (`ImageFields.group`) and several names of one file (`Source.links`) stay together. Groups are
/// assigned one by one, first those that are the largest share of some class; equal ones in an order drawn from the
/// seed. Each goes to the part whose `sum_c n_pc^2 / (N_c^2 share_p)` grows least, where n_pc is the number of images
/// of class c in part p and N_c that of the whole class. The sum over the parts is smallest if every part has its share
/// of every class. All images together count as one more class. If a single group holds a whole class, that class goes
/// to the part of the largest share.
struct GroupedDeal {
    /// The classes of each image, followed by one that all images have.
    private let classes: [[Int]]
    private let totals: [Double]
    /// The images of each group.
    private let members: [[Int]]
    private let count: Int

    /// The number of groups; an image without a group counts as one.
    var groups: Int { members.count }

    /// Reads a source's groups and labels.
    init(_ source: any Source) {
        count = source.count
        let (unlabelled, all) = (source.classes.count, source.classes.count + 1)
        var totals = [Double](repeating: 0, count: all + 1)
        classes = (0..<source.count).map { index in
            let labels = source.labels(index)
            return (labels.isEmpty ? [unlabelled] : labels) + [all]
        }
        for labels in classes { for label in labels { totals[label] += 1 } }
        self.totals = totals
        members = GroupedDeal.members(source)
    }

    /// The images that stay together, ordered by the first image of each group.
    private static func members(_ source: any Source) -> [[Int]] {
        var root = Array(0..<source.count)
        func first(_ index: Int) -> Int {
            var index = index
            while root[index] != index {
                root[index] = root[root[index]]
                index = root[index]
            }
            return index
        }
        func join(_ one: Int, _ other: Int) {
            let (a, b) = (first(one), first(other))
            root[max(a, b)] = min(a, b)
        }
        if let groups = source.groups {
            var seen: [String: Int] = [:]
            for (index, group) in groups.enumerated() {
                guard let group else { continue }
                if let earlier = seen[group] { join(index, earlier) } else { seen[group] = index }
            }
        }
        for (index, original) in source.links { join(index, original) }
        var place = [Int](repeating: -1, count: source.count)
        var members: [[Int]] = []
        for index in 0..<source.count {
            let first = first(index)
            if place[first] < 0 {
                place[first] = members.count
                members.append([])
            }
            members[place[first]].append(index)
        }
        return members
    }

    /// The part of each image. No part is empty if there are at least as many groups as parts.
    /// - Parameters:
    ///   - shares: the share of the images for each part; the sum is 1.
    ///   - seed: the seed of the order of groups of equal size.
    func parts(shares: [Double], seed: UInt64) -> [Int] {
        var stream = RandomStream(RandomKey(seed: seed, purpose: .split))
        let turn = stream.permutation(members.count)
        let largest = members.map { images in
            counts(images).reduce(0) { max($0, $1.count / totals[$1.label]) }
        }
        let order = turn.indices.sorted {
            (largest[turn[$1]], $0) < (largest[turn[$0]], $1)
        }.map { turn[$0] }
        var filled = shares.map { _ in [Double](repeating: 0, count: totals.count) }
        var groupsOf = [Int](repeating: 0, count: shares.count)
        var parts = [Int](repeating: 0, count: count)
        for (done, group) in order.enumerated() {
            // The last groups go to parts that are still empty.
            let empty = groupsOf.indices.filter { groupsOf[$0] == 0 }
            let open = empty.count >= order.count - done ? empty : Array(shares.indices)
            let counts = counts(members[group])
            let costs = open.map { cost(of: counts, filled[$0], shares[$0]) }
            let part = open[costs.indices.min { costs[$0] < costs[$1] } ?? 0]
            groupsOf[part] += 1
            for image in members[group] { parts[image] = part }
            for item in counts { filled[part][item.label] += item.count }
        }
        return parts
    }

    /// How much a group raises a part's sum.
    private func cost(of group: [(label: Int, count: Double)], _ filled: [Double], _ share: Double) -> Double {
        group.reduce(0) { sum, item in
            let all = totals[item.label]
            return sum + item.count * (2 * filled[item.label] + item.count) / (all * all * share)
        }
    }

    /// The number of images of each class in a group.
    private func counts(_ images: [Int]) -> [(label: Int, count: Double)] {
        if images.count == 1 { return classes[images[0]].map { ($0, 1) } }
        var counts: [Int: Double] = [:]
        for image in images { for label in classes[image] { counts[label, default: 0] += 1 } }
        // Sorted, because floating-point sums depend on the order.
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
