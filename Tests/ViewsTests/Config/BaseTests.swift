import Foundation
import Testing

@testable import Views

@Suite("A configuration with a base")
struct BaseTests {
    private let root: TemporaryFolder

    init() throws { root = try TemporaryFolder() }

    private func write(_ files: KeyValuePairs<String, String>) throws {
        for (name, text) in files { try root.write([name], Data(text.utf8)) }
    }

    private func read(_ file: String = "own.yaml", _ overrides: [String] = []) throws(ConfigurationError) -> Shop {
        try ConfigurationReader(contentsOf: "\(root.path)/\(file)", overrides: overrides).read(Shop.self)
    }

    private func error(_ file: String = "own.yaml", _ overrides: [String] = []) -> String {
        do {
            return "none: \(try read(file, overrides))"
        } catch {
            return error.description.replacing("\(root.path)/", with: "")
        }
    }

    @Test func mappingsAreMergedAndListsReplaced() throws {
        try write([
            "base.yaml": "counter: {width: 3, height: 4}\nsizes: [1, 2, 3]\nname: base\n",
            "own.yaml": "base: base.yaml\ncounter: {height: 5}\nsizes: [9]\n",
        ])
        let shop = try read()
        #expect(shop.counter.width == 3 && shop.counter.height == 5 && shop.sizes == [9] && shop.name == "base")
        #expect(try read("own.yaml", ["counter.width=7", "sizes[0]=8"]).sizes == [8])
        let reader = try ConfigurationReader(contentsOf: "\(root.path)/own.yaml", overrides: ["x.y=1"])
        #expect(reader.sections == ["counter", "sizes", "name", "x"])
    }

    @Test(
        "A member of a family keeps its settings by its name, and another takes its place",
        arguments: [
            ("ware: fruit", "fruit 7 3"), ("ware: {fruit: {count: 2}}", "fruit 2 3"), ("ware: bread", "bread 1"),
            ("ware: {bread: {slices: 5}}", "bread 5"), ("name: own", "fruit 7 3"),
        ])
    func families(text: String, expected: String) throws {
        try write([
            "base.yaml": "ware: {fruit: {count: 7, weight: 3}}\n", "own.yaml": "base: base.yaml\n\(text)\n",
            "alone.yaml": "ware: {fruit: {count: 7, weight: 3}}\n",
        ])
        let words = { (shop: Shop) in
            switch shop.ware.component {
            case let fruit as Fruit: "fruit \(fruit.count) \(fruit.weight)"
            case let bread as Bread: "bread \(bread.slices)"
            default: "?"
            }
        }
        #expect(try words(read()) == expected)
        // --set takes a name alone in the same way.
        guard text.hasSuffix("fruit") || text.hasSuffix("bread") else { return }
        #expect(try words(read("alone.yaml", [text.replacing(": ", with: "=")])) == expected)
    }

    @Test func aPathIsRelativeToTheFileAndBasesHaveBases() throws {
        try write([
            "deep/a.yaml": "base: ../b.yaml\nname: a\n", "b.yaml": "base: deep/c.yml\ncounter: {width: 2}\n",
            "deep/c.yml": "counter: {width: 1, height: 9}\n",
        ])
        let shop = try read("deep/a.yaml")
        #expect(shop.name == "a" && shop.counter.width == 2 && shop.counter.height == 9)
        try write(["d.yaml": "base: \(root.path)/b.yaml\n"])
        #expect(try read("d.yaml").counter.width == 2)
    }

    @Test func aSectionIsMergedAlone() throws {
        try write([
            "base.yaml": "shop: {name: base, counter: {width: 3}}\nother: 1\n",
            "own.yaml": "base: base.yaml\nshop: {counter: {height: 5}}\nanother: 2\n",
            "empty.yaml": "base: base.yaml\n",
        ])
        for file in ["own.yaml", "empty.yaml"] {
            let reader = try ConfigurationReader(contentsOf: "\(root.path)/\(file)", overrides: ["shop.sizes=[4]"])
            let shop = try reader.read(Shop.self, section: "shop")
            #expect(shop.name == "base" && shop.counter.width == 3 && shop.sizes == [4])
        }
    }

    @Test(
        "What cannot be a base names the file and the path",
        arguments: [
            ("base: own.yaml", "own.yaml: base: goes in a circle: own.yaml, own.yaml"),
            ("base: ./deep/../own.yaml", "own.yaml: base: goes in a circle: own.yaml, ./deep/../own.yaml"),
            ("base: circle.yaml", "circle.yaml: base: goes in a circle: own.yaml, circle.yaml, own.yaml"),
            ("base: no.yaml", "own.yaml: base: no.yaml: no such file or directory"),
            ("base: good.yml", "own.yaml: base: good.yml: no such file or directory; did you mean good.yaml?"),
            ("base: [a]", "own.yaml: base: must be a pipeline file or the name of a preset, is a list"),
            ("base:", "own.yaml: base: must be a pipeline file or the name of a preset, is empty"),
            ("base: list.yaml", "own.yaml: base: list.yaml: must be a mapping of settings, is a list"),
            ("base: deep/", "own.yaml: base: deep/: is a folder, not a YAML file"),
            ("base: wrong.yaml", "wrong.yaml: counter.widht: is not a setting; did you mean width?"),
            ("base: good.yaml\ncounter: {width: 99}", "own.yaml: counter.width: must be in 0...10, is 99"),
            ("base: good.yaml\ncounter: 3", "own.yaml: counter: must be a mapping of settings"),
            ("base: simclr-23", "own.yaml: base: simclr-23: no such file or directory; did you mean simclr-32?"),
        ])
    func whatCannotBeABase(text: String, expected: String) throws {
        try write([
            "own.yaml": text, "circle.yaml": "base: own.yaml", "good.yaml": "counter: {width: 1}",
            "wrong.yaml": "counter: {widht: 1}", "list.yaml": "- a", "deep/x.yaml": "",
        ])
        #expect(error().hasPrefix(expected), "\(error())")
    }

    @Test func anOverrideNamesItself() throws {
        try write(["base.yaml": "sizes: [1, 2]", "own.yaml": "base: base.yaml"])
        #expect(error("own.yaml", ["sizes[2]=1"]) == "--set: sizes[2]: there are 2 elements, from 0")
        #expect(error("own.yaml", ["base=x.yaml"]).hasPrefix("--set: base: is not a setting"))
    }
}

private protocol Ware: Component {}

private struct Fruit: Ware {
    static let name = "fruit"
    var count = 1
    var weight = 1
}

private struct Bread: Ware {
    static let name = "bread"
    var slices = 1
}

private struct Wares: ComponentFamily {
    static let registry = Registry<any Ware>(kind: "a ware", [Fruit.self, Bread.self])
}

private struct Counter: Component {
    static let name = "counter"
    var width = 0
    var height = 0
    func validate() throws(InvalidSetting) { try require("width", width, in: 0...10) }
}

private struct Shop: Component {
    static let name = "shop"
    var name = "nobody's"
    var counter = Counter()
    var sizes: [Int] = []
    var ware = Selected<Wares>(Bread())
}
