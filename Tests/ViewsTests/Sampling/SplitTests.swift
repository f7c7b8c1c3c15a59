import Testing

@testable import Views

@Suite("Splits, subsets and samplers")
struct SplitTests {
    /// A source of nothing but labels.
    struct Labels: Source {
        let labels: [Int]
        var count: Int { labels.count }
        var classes: [String] { (0..<(labels.max() ?? -1) + 1).map { "class \($0)" } }
        func label(_ index: Int) -> Int? { labels[index] < 0 ? nil : labels[index] }
        func name(_ index: Int) -> String { "\(index)" }
        func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {}
    }

    private let mixed = Labels(labels: (0..<100).map { $0 % 4 == 0 ? 0 : 1 } + [2, 2, 3])
    private func names(_ source: some Source) -> [String] { (0..<source.count).map(source.name) }

    @Test func everyClassIsSplitByTheFraction() {
        let split = Split(stratified: mixed, fraction: 0.2, seed: 5)
        let labels = (0..<split.test.count).compactMap(split.test.label)
        #expect([0, 1, 2, 3].map { label in labels.filter { $0 == label }.count } == [5, 15, 1, 0])
        #expect(Set(names(split.train)).isDisjoint(with: names(split.test)))
        #expect(split.train.count + split.test.count == mixed.count)
        #expect(split.origin == .stratified(seed: 5, fraction: 0.2))
    }

    @Test func theSeedDecidesTheSplit() {
        let first = names(Split(stratified: mixed, seed: 1).test)
        #expect(first == names(Split(stratified: mixed, seed: 1).test))
        #expect(first != names(Split(stratified: mixed, seed: 2).test))
        #expect(first == first.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) })
    }

    @Test func unlabelledImagesAreSplitToo() {
        let split = Split(stratified: Labels(labels: Array(repeating: -1, count: 10)), fraction: 0.3)
        #expect(split.test.count == 3 && split.train.count == 7)
    }

    /// Otherwise test images would also be training images.
    @Test(arguments: [Split.Rule.byClass, .byName])
    func anImageOfSeveralNamesIsOnOneSide(_ rule: Split.Rule) throws {
        let root = try TemporaryFolder()
        try root.write((0..<40).map { "a/\($0).jpg" } + (0..<40).map { "b/b\($0).jpg" })
        for index in 0..<40 where index % 2 == 0 { try root.link("b/link\(index).jpg", to: "../a/\(index).jpg") }
        try root.link("c", to: "a")
        let split = try Split(images: root.path, fraction: 0.25, seed: 3, by: rule)
        func files(_ source: some Source) -> Set<String> {
            Set(names(source).map { $0.replacing("b/link", with: "a/").replacing("c/", with: "a/") })
        }
        #expect(files(split.train).isDisjoint(with: files(split.test)))
        #expect(split.train.count + split.test.count == 140)
        #expect(files(split.test).isEmpty == false && files(split.test).union(files(split.train)).count == 80)
        if rule == .byClass { #expect(files(split.test).count == 20) }
    }

    @Test func foldersOfTheirOwnDecide() throws {
        let root = try TemporaryFolder()
        try root.write(["train/a/1.jpg", "train/b/1.jpg", "train/c/1.jpg", "val/b/2.jpg", "val/c/2.jpg", "val/d/2.jpg"])
        let split = try Split(images: root.path)
        #expect(split.origin == .folders(train: "train", test: "val"))
        // Labels are those of the training classes, whatever classes the test folder has.
        #expect(split.test.classes == ["a", "b", "c"] && split.test.count == 2)
        #expect(split.test.label(0) == 1 && split.test.label(1) == 2)
        try root.write(["test/a/3.jpg"])
        #expect(split.test.name(0) == "val/b/2.jpg")
        #expect(try Split(images: root.path + "/").origin == .folders(train: "train", test: "test"))
        // What chooses a checkpoint is not what is judged by in the end.
        #expect(try Split(images: root.path, for: .choice).origin == .folders(train: "train", test: "val"))
        #expect(try Split(images: root.path + "/train").origin == .stratified(seed: 0, fraction: 0.2))
        let alone = try Split(images: root.path, side: .test)
        #expect(alone.train.count + alone.test.count == 1 && !alone.isOfSides)
        let apart = try Split(images: root.path, test: root.path)
        #expect(apart.train.count == 3 && apart.test.name(0) == root.path + "/test/a/3.jpg")
    }

    @Test func theFirstOfEachClassAreInTheOrderOfTheSource() {
        let subset = Subset(mixed, firstOfEachClass: 2)
        #expect(names(subset) == ["0", "1", "2", "4", "100", "101", "102"])
        #expect(subset.label(3) == 0 && subset.classes.count == 4)
    }

    @Test func anEpochIsAPermutationOfItsOwn() {
        let sampler = Sampler(count: 103, batch: 10, seed: 3, dropLast: false)
        #expect(sampler.batches == 11)
        #expect(sampler.order(epoch: 0).sorted() == Array(0..<103))
        #expect(sampler.order(epoch: 0) == sampler.order(epoch: 0))
        #expect(sampler.order(epoch: 0) != sampler.order(epoch: 1))
        #expect(sampler.order(epoch: 0) != Sampler(count: 103, batch: 10, seed: 4, dropLast: false).order(epoch: 0))
        #expect(sampler.order(epoch: 2, from: 4) == Array(sampler.order(epoch: 2)[40...]))
        #expect(sampler.order(epoch: 2, from: 11) == [])
    }

    @Test func theLastBatchMayBeLeftOut() {
        let sampler = Sampler(count: 25, batch: 10, seed: nil, dropLast: true)
        #expect(sampler.batches == 2 && sampler.order(epoch: 9) == Array(0..<20))
        #expect(sampler.order(epoch: 0, from: 1) == Array(10..<20) && sampler.order(epoch: 0, from: 5) == [])
        #expect(Sampler(count: 5, batch: 10, seed: 1, dropLast: true).order(epoch: 0) == [])
    }
}
