import Testing

@testable import Views

@Suite("Splits by group and folds")
struct GroupedDealTests {
    /// A source of labels and groups.
    private struct Grouped: Source {
        let sets: [[Int]]
        let names: [String?]?
        var count: Int { sets.count }
        var classes: [String] { (0...(sets.joined().max() ?? 0)).map { "class \($0)" } }
        var columns: Set<ImageColumn> {
            var columns = Set<ImageColumn>()
            if names != nil { columns.insert(.group) }
            if sets.contains(where: { $0.count > 1 }) { columns.insert(.labels) }
            return columns
        }
        func label(_ index: Int) -> Int? { sets[index].count == 1 ? sets[index][0] : nil }
        func labels(_ index: Int) -> [Int] { sets[index] }
        func fields(_ index: Int) -> ImageFields {
            var fields = ImageFields()
            fields.group = names?[index]
            return fields
        }
        func name(_ index: Int) -> String { "\(index)" }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {}
    }

    /// Patients with 1 to 7 images each of four classes, of which the last is rare; some images have no patient.
    private let patients: Grouped = {
        var random = RandomStream(RandomKey(seed: 3, sample: 0, purpose: .split))
        var sets: [[Int]] = []
        var names: [String?] = []
        for patient in 0..<120 {
            let label = patient % 40 == 0 ? 3 : patient % 3
            for _ in 0..<(1 + random.integer(below: 7)) {
                sets.append([random.unit() < 0.8 ? label : 0])
                names.append(patient % 10 == 9 ? nil : "p\(patient)")
            }
        }
        return Grouped(sets: sets, names: names)
    }()

    private func shares(_ source: Grouped, _ parts: [Int], _ part: Int) -> [Double] {
        source.classes.indices.map { label in
            let all = source.sets.indices.filter { source.sets[$0].contains(label) }
            return Double(all.count { parts[$0] == part }) / Double(all.count)
        }
    }

    @Test(arguments: [0.1, 0.2, 0.5] as [Double], [1, 2, 9] as [UInt64])
    func noGroupIsCutAndClassesAreAlike(fraction: Double, seed: UInt64) throws {
        let split = Split(stratified: patients, fraction: fraction, seed: seed)
        func groups(_ source: any Source) -> Set<String> {
            Set((0..<source.count).compactMap { source.fields($0).group })
        }
        #expect(groups(split.train).isDisjoint(with: groups(split.test)))
        #expect(split.train.count + split.test.count == patients.count)
        let parts = GroupedDeal(patients).parts(shares: [1 - fraction, fraction], seed: seed)
        for share in shares(patients, parts, 1).prefix(3) { #expect(abs(share - fraction) < 0.03, "\(share)") }
        #expect(parts == GroupedDeal(patients).parts(shares: [1 - fraction, fraction], seed: seed))
        #expect(parts != GroupedDeal(patients).parts(shares: [1 - fraction, fraction], seed: seed + 1))
        guard case .grouped(seed, fraction, let count) = split.origin else { return #expect(Bool(false)) }
        #expect(split.words.hasSuffix("of each class, no group of \(count) cut, seed \(seed)"))
    }

    @Test(arguments: [2, 5, 10])
    func foldsAreAlike(_ count: Int) throws {
        let folds = try Folds(patients, count: count, seed: 4)
        for fold in 0..<count {
            for share in shares(patients, folds.parts, fold).prefix(3) {
                #expect(abs(share - 1 / Double(count)) < 0.03, "\(share)")
            }
        }
        var foldOf: [String: Int] = [:]
        for (index, part) in folds.parts.enumerated() {
            if let group = patients.names?[index] { #expect(foldOf.updateValue(part, forKey: group) ?? part == part) }
        }
        #expect(folds.words == "\(count) folds, stratified, no group of \(folds.groups ?? 0) cut, seed 4")
    }

    @Test func foldsWithoutGroupsHaveEveryClassEvenly() throws {
        let labels = Grouped(sets: (0..<103).map { [$0 < 60 ? 0 : $0 < 98 ? 1 : 2] }, names: nil)
        let folds = try Folds(labels, count: 5, seed: 0)
        let counts = (0..<5).map { fold in
            (0..<3).map { label in (0..<103).count { folds.parts[$0] == fold && labels.sets[$0] == [label] } }
        }
        #expect(counts.allSatisfy { $0[0] == 12 && (7...8).contains($0[1]) && $0[2] == 1 }, "\(counts)")
        #expect(folds.words == "5 folds, stratified, seed 0")
    }

    @Test func setsOfLabelsAreSplitEvenly() {
        var random = RandomStream(RandomKey(seed: 1, sample: 0, purpose: .split))
        let source = Grouped(
            sets: (0..<800).map { _ in (0..<10).filter { random.unit() < 0.02 * Double($0 + 1) } }, names: nil)
        let split = Split(stratified: source, fraction: 0.25, seed: 2)
        let parts = GroupedDeal(source).parts(shares: [0.75, 0.25], seed: 2)
        #expect(split.origin == .stratified(seed: 2, fraction: 0.25) && split.test.count == parts.count { $0 == 1 })
        for (label, share) in shares(source, parts, 1).enumerated() {
            let one = 1 / Double(source.sets.count { $0.contains(label) })
            #expect(abs(share - 0.25) < max(0.02, 2 * one), "\(label): \(share)")
        }
    }

    @Test func fewGroupsFillEveryPart() throws {
        func deal(_ names: [String?], _ shares: [Double]) -> [Int] {
            GroupedDeal(Grouped(sets: names.map { _ in [0] }, names: names)).parts(shares: shares, seed: 0)
        }
        // The smaller of two groups is judged by.
        #expect(deal(["a", "a", "a", "b"], [0.8, 0.2]) == [0, 0, 0, 1])
        #expect(deal(["a", "a"], [0.8, 0.2]) == [0, 0])
        #expect(Set(deal(["a", "b", "c", "c", "c", "c"], [0.25, 0.25, 0.5])) == [0, 1, 2])
        let three = Grouped(sets: [[0], [0], [1], [1]], names: ["a", "b", "c", "c"])
        let error = #expect(throws: DataError.self) { try Folds(three, count: 4, seed: 0) }
        #expect(error?.reason == "4 folds need as many groups, there are 3")
    }

    /// A class of one group cannot be on both sides, so it is in the training part.
    @Test func aClassOfOneGroupIsLearntFrom() {
        let sets = (0..<60).map { [$0 < 6 ? 2 : $0 % 2] }
        let source = Grouped(sets: sets, names: (0..<60).map { "g\($0 / 6)" })
        let split = Split(stratified: source, fraction: 0.3, seed: 5)
        #expect((0..<split.test.count).allSatisfy { split.test.label($0) != 2 })
    }

    @Test func hashesAreOfGroupsToo() {
        let split = Split(hashed: patients, fraction: 0.3, seed: 1)
        func groups(_ source: any Source) -> Set<String> {
            Set((0..<source.count).compactMap { source.fields($0).group })
        }
        #expect(groups(split.train).isDisjoint(with: groups(split.test)))
        #expect(!groups(split.test).isEmpty && split.train.count + split.test.count == patients.count)
    }
}
