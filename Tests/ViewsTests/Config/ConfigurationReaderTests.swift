import Foundation
import Testing

@testable import Views

@Suite("Reading configurations")
struct ConfigurationReaderTests {
    private func read(_ text: String, _ overrides: [String] = []) throws(ConfigurationError) -> Household {
        try ConfigurationReader(file: "x.yaml", text: text, overrides: overrides).read(Household.self)
    }

    private func error(_ text: String, _ overrides: [String] = []) -> String {
        do {
            return "none: \(try read(text, overrides))"
        } catch {
            return error.description
        }
    }

    @Test func whatAFileLeavesOutComesFromTheDefaults() throws {
        let read = try read("owner_name: 'yes'\ngarden: {max_width: 3}\n")
        var expected = Household()
        expected.ownerName = "yes"
        expected.garden.maxWidth = 3
        #expect(read.ownerName == "yes" && read.garden.depth == 7 && read.garden.maxWidth == 3)
        #expect(try ConfigurationWriter.yaml(read) == ConfigurationWriter.yaml(expected))
    }

    @Test func allShapesOfSettingsAreRead() throws {
        let text = """
            owner_name: 12
            rooms: 0x1
            ratio: 1e-3
            open: yes
            spare: 4
            colour: green
            scale: [0.25, 1]
            pets:
              - cat
              - dog: {legs: 3}
              - cat:
              - {dog: {friend: {cat: {lives: 2}}}}
            favourite: dog
            """.replacing("0x1", with: "1e1")
        let read = try read(text)
        #expect(read.ownerName == "12" && read.rooms == 10 && read.ratio == 0.001 && read.open)
        #expect(read.spare == 4 && read.colour == .green && read.scale == [0.25, 1])
        #expect(read.pets.map(\.name) == ["cat", "dog", "cat", "dog"])
        #expect((read.pets[1].component as? Dog)?.legs == 3)
        #expect(((read.pets[3].component as? Dog)?.friend?.component as? Cat)?.lives == 2)
        #expect(read.favourite.name == "dog")
    }

    @Test(arguments: [
        ("room: 3", "x.yaml: room: is not a setting; did you mean rooms? valid are "),
        ("rooms: many", "x.yaml: rooms: must be a whole number, is many"),
        ("rooms: '3'", "x.yaml: rooms: must be a whole number, is the text \"3\"; write it without quotes"),
        ("open: 'yes'", "x.yaml: open: must be true or false, is the text \"yes\"; write it without quotes"),
        ("rooms: 2.5", "x.yaml: rooms: must be a whole number, is 2.5"),
        ("rooms: [1]", "x.yaml: rooms: must be a whole number, is a list"),
        ("rooms:", "x.yaml: rooms: must be a whole number, is empty"),
        ("ratio: nan", "x.yaml: ratio: must be a number, is nan"),
        ("open: 1", "x.yaml: open: must be true or false, is 1"),
        ("colour: grene", "x.yaml: colour: is grene; valid are red, green"),
        ("garden: 5", "x.yaml: garden: must be a mapping of settings, as in {depth: ...}, is 5"),
        ("garden: [1]", "x.yaml: garden: must be a mapping of settings, as in {depth: ...}, is a list"),
        ("garden: {depth: 99}", "x.yaml: garden.depth: must be in 0...10, is 99"),
        ("pets: cat", "x.yaml: pets: must be a list, is cat"),
        ("pets: [cat, dgo]", "x.yaml: pets[1]: dgo is not an animal; did you mean dog? valid are cat, dog"),
        ("pets: [{cat: {}, dog: {}}]", "x.yaml: pets[0]: must name an animal"),
        ("pets: [cat, {dog: {legs: 9}}]", "x.yaml: pets[1].dog.legs: must be in 0...4, is 9"),
        ("pets: [{dog: {leg: 9}}]", "x.yaml: pets[0].dog.leg: is not a setting; did you mean legs?"),
        ("favourite: {dog: {friend: {cat: {lives: -1}}}}", "x.yaml: favourite.dog.friend.cat.lives: must be in"),
    ])
    func errorsSayWhereAndWhat(text: String, expected: String) {
        #expect(error(text).hasPrefix(expected))
    }

    @Test func anAbsentOptionalIsAKnownSetting() throws {
        #expect(Household().spare == nil)
        #expect(try read("spare: 3").spare == 3)
        #expect(try read("spare: null").spare == nil)
        #expect(error("spares: 3").contains("did you mean spare?"))
    }

    @Test func whatIsWrittenReadsBackEqual() throws {
        var house = Household()
        house.ownerName = "null"
        house.ratio = 1e-7
        house.seed = .max
        house.weightOfClass = ["bigDog": 2, "small_dog": 3]
        house.spare = nil
        house.pets = [Selected(Dog(legs: 2, friend: Selected(Cat(lives: 1)))), Selected(Cat())]
        let text = try ConfigurationWriter.yaml(house)
        #expect(text.contains("max_width: 2.0") && text.contains("spare: null") && text.contains("1.0e-07"))
        #expect(try ConfigurationWriter.yaml(read(text)) == text)
        #expect(try read(text).seed == .max && read(text).ownerName == "null")
        #expect(try read(text).weightOfClass == house.weightOfClass)
    }

    @Test func overridesReplaceWhatTheFileSays() throws {
        let text = "pets: [cat, {dog: {legs: 3}}]"
        let read = try read(
            text,
            [
                "pets[1].dog.legs=2", "garden.depth=4", "favourite.cat.lives=3", "scale=[0.5, 0.75]", "spare=8",
                "owner_name=a=b", "pets[0].cat.lives=1",
            ])
        #expect((read.pets[1].component as? Dog)?.legs == 2 && (read.pets[0].component as? Cat)?.lives == 1)
        #expect(read.garden.depth == 4 && read.scale == [0.5, 0.75] && read.spare == 8 && read.ownerName == "a=b")
        #expect((read.favourite.component as? Cat)?.lives == 3)
        #expect(try self.read(text, ["favourite=dog"]).favourite.name == "dog")
    }

    @Test func anotherMemberTakesThePlaceOfTheOneThatThereIs() throws {
        let one = try read("favourite: {cat: {lives: 2}}", ["favourite.dog.legs=3"])
        #expect((one.favourite.component as? Dog)?.legs == 3)
        let two = try read("favourite: cat", ["favourite.dog.legs=3", "favourite.dog.friend.cat.lives=1"])
        let dog = try #require(two.favourite.component as? Dog)
        #expect(dog.legs == 3 && (dog.friend?.component as? Cat)?.lives == 1)
        #expect(try read("favourite: dog", ["favourite.dog.legs=3", "favourite.cat.lives=2"]).favourite.name == "cat")
        #expect(try read("weight_of_class: {a: 1}", ["weight_of_class.b=2"]).weightOfClass == ["a": 1, "b": 2])
    }

    @Test func sectionsAreTheNamesAtTheTop() throws {
        let reader = try ConfigurationReader(file: "x", text: "a: 1\nb: {c: 2}", overrides: ["d.e=1"])
        #expect(reader.sections == ["a", "b", "d"])
    }

    @Test(arguments: ["\u{FEFF}rooms: 4", "rooms: 4\r\nopen: yes\r\n", "\r\n\r\nrooms: 4", "rooms:\t4", "{rooms: 4}"])
    func textOfOtherEditorsIsRead(text: String) throws {
        #expect(try read(text).rooms == 4)
    }

    @Test(arguments: [
        ("1e-3", 1e-3), ("3e-4", 3e-4), ("1E-3", 1e-3), ("1.0e-03", 1e-3), (".5", 0.5), ("+0.5", 0.5), ("5.", 5),
        ("1", 1),
    ])
    func numbersAreReadHoweverTheyAreWritten(text: String, value: Double) throws {
        #expect(try read("ratio: \(text)").ratio == value)
    }

    @Test func aSectionIsReadAlone() throws {
        let text = "training: {unknown: [1]}\nhouse: {rooms: 7, garden: {depth: 1}}"
        func read(_ text: String, _ overrides: [String] = []) throws(ConfigurationError) -> Household {
            try ConfigurationReader(file: "x.yaml", text: text, overrides: overrides)
                .read(Household.self, section: "house")
        }
        #expect(try read(text).rooms == 7 && read("other: 1").rooms == 2)
        #expect(try read(text, ["house.garden.depth=3", "training.unknown=2"]).garden.depth == 3)
        #expect(throws: ConfigurationError(file: "x.yaml", path: "house.rooms", reason: "must be a whole number, is x"))
        {
            try read("house: {rooms: x}")
        }
        #expect(
            throws: ConfigurationError(file: "--set", path: "house.garden.depth", reason: "must be in 0...10, is 11")
        ) {
            try read(text, ["house.garden.depth=11"])
        }
    }

    @Test(arguments: [
        ("garden", "--set: garden: must be path=value"),
        ("garden.dept=3", "--set: garden.dept: is not a setting; did you mean depth? valid are depth, max_width"),
        ("pets[7].cat=1", "--set: pets[7]: there are 1 elements, from 0"),
        ("pets[x]=1", "--set: pets[x]: an index must be written as [0]"),
        ("pets[0].dog.legs=1", "--set: pets[0].dog: pets[0] is cat; pets[0]=dog replaces it"),
        ("favourite.dgo.legs=1", "--set: favourite: dgo is not an animal; did you mean dog? valid are cat, dog"),
        ("favourite.dog.legs=9", "--set: favourite.dog.legs: must be in 0...4, is 9"),
        ("rooms.many=1", "--set: rooms.many: rooms is 2"),
        ("rooms=many", "--set: rooms: must be a whole number, is many"),
        ("garden..depth=1", "--set: garden..depth: has an empty name in its path"),
        ("scale=[1", "--set scale: line"),
    ])
    func badOverridesAreErrors(text: String, expected: String) {
        #expect(error("pets: [cat]", [text]).hasPrefix(expected))
    }

    @Test(arguments: [
        ("", "x.yaml: is empty"),
        ("# nothing\n", "x.yaml: is empty"),
        ("- a\n- b\n", "x.yaml: must be a mapping of settings, is a list"),
        ("just text", "x.yaml: must be a mapping of settings, is just text"),
        ("rooms: 1\nrooms: 2\n", "x.yaml: line 2: the key rooms occurs twice"),
        ("rooms: 1\n'rooms': 2\n", "x.yaml: line 2: the key rooms occurs twice"),
        ("a: [1, 2", "x.yaml: line 2: "),
        ("a: b: c", "x.yaml: line 1: "),
        ("rooms: 1\n\tx: 2", "x.yaml: line 2: is indented by a tab; YAML takes spaces"),
        ("garden:\n\tdepth: 2", "x.yaml: line 2: is indented by a tab; YAML takes spaces"),
        ("garden:\n  max_width: 1\n \tdepth: 2", "x.yaml: line 3: is indented by a tab; YAML takes spaces"),
        ("rooms: !!python/object 3", "x.yaml: line 1: tags (tag:yaml.org,2002:python/object) are not supported"),
        ("? [a, b]\n: 3", "x.yaml: line 1: a key must be a name"),
        ("a: *nothing", "x.yaml: line 1: found undefined alias"),
        ("rooms: 1\n---\nrooms: 2\n", "x.yaml: line 2: "),
        ("rooms: \u{1}", "x.yaml: is not text"),
    ])
    func unusableTextIsAnError(text: String, expected: String) {
        #expect(error(text).hasPrefix(expected))
    }

    @Test func hostileTextEndsQuicklyInAnError() {
        #expect(error(String(repeating: "[", count: 100_000)).contains("nested too deeply"))
        #expect(error(String(repeating: "[\n", count: 100_000)).contains("nested too deeply"))
        #expect(error(String(repeating: "- ", count: 100_000)).contains("nested too deeply"))
        let steps = (0..<500).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        #expect(error(steps).contains("nested too deeply"))
        #expect(error("a: " + String(repeating: "[", count: 100) + String(repeating: "]", count: 100)).contains("deep"))
        #expect(error("a: " + String(repeating: "x", count: 1 << 20)).contains("a configuration may have 262144"))
        var bomb = "a0: &a0 [\(String(repeating: "x, ", count: 1000))]\n"
        for level in 1...5 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1), *a\(level - 1)]\n" }
        #expect(error(bomb).contains("too many values"))
        #expect(error(bomb + "{*a5 : 1}").hasPrefix("x.yaml: line"))
        #expect(error("a: [" + String(repeating: "*x, ", count: 100) + "]").contains("aliases"))
    }

    @Test func anAliasSharesAListOfSteps() throws {
        let read = try read("pets: &all [cat, dog]\nfavourite: cat\n")
        #expect(read.pets.count == 2)
    }

    @Test func filesAreReadAndThoseThatCannotBeAreErrors() throws {
        let root = try TemporaryFolder()
        try root.write(["good.yaml"], Data("rooms: 4".utf8))
        try root.write(["bad.yaml"], Data([0x61, 0x3A, 0xFF, 0xFE]))
        try root.write(["long.yaml"], Data(repeating: 0x20, count: 1 << 19))
        #expect(try ConfigurationReader(contentsOf: root.path + "/good.yaml").read(Household.self).rooms == 4)
        #expect(error(root.path + "/bad.yaml").hasSuffix("bad.yaml: is no YAML file: it is not text in UTF-8"))
        #expect(
            error(root.path + "/long.yaml").hasSuffix("is no pipeline: it has 524288 bytes, the limit is 262144"))
        #expect(
            error(root.path + "/god.yaml").hasSuffix("no such file or directory; did you mean \(root.path)/good.yaml?"))
        #expect(error(root.path + "/Good.yml").hasSuffix("did you mean \(root.path)/good.yaml?"))
        #expect(error(root.path + "/good").hasSuffix("did you mean \(root.path)/good.yaml?"))
        #expect(error(root.path + "/another.yaml").hasSuffix("no such file or directory"))
        func error(_ file: String) -> String {
            do {
                _ = try ConfigurationReader(contentsOf: file)
                return "none"
            } catch {
                return error.description
            }
        }
        #expect(error("no/such/file.yaml") == "no/such/file.yaml: no such file or directory")
        #expect(error("/") == "/: is a folder, not a YAML file")
        #expect(error("/dev/null") == "/dev/null: is not a file")
    }

    @Test(arguments: [
        ("minScale", "min_scale"), ("useEMA", "use_ema"), ("p", "p"), ("resnet18", "resnet18"),
        ("maxURLLength", "max_url_length"), ("weight_decay", "weight_decay"),
    ])
    func namesAreSnakeCase(swift: String, file: String) {
        #expect(snakeCase(swift) == file)
    }
}

private protocol Animal: Component {}

private struct Cat: Animal {
    static let name = "cat"
    var lives = 9
    init() {}
    init(lives: Int) { self.lives = lives }
    func validate() throws(InvalidSetting) { try require("lives", lives, in: 0...9) }
}

private struct Dog: Animal {
    static let name = "dog"
    var legs = 4
    var friend: Selected<Animals>?
    init() {}
    init(legs: Int, friend: Selected<Animals>?) {
        self.legs = legs
        self.friend = friend
    }
    func validate() throws(InvalidSetting) { try require("legs", legs, in: 0...4) }
}

private struct Animals: ComponentFamily {
    static let registry = Registry<any Animal>(kind: "an animal", [Cat.self, Dog.self])
}

private struct Garden: Component {
    static let name = "garden"
    var depth = 5
    var maxWidth = 2.0
    init() {}
    init(depth: Int) { self.depth = depth }
    func validate() throws(InvalidSetting) { try require("depth", depth, in: 0...10) }
}

private struct Household: Component {
    enum Colour: String, Codable, CaseIterable { case red, green }

    static let name = "household"
    var ownerName = "nobody"
    var rooms = 2
    var ratio = 0.5
    var open = false
    var seed: UInt64 = 0
    var spare: Int?
    var weightOfClass = ["Cat": 1.0]
    var colour = Colour.red
    var scale = [0.08, 1]
    // Not the garden's own default, which a file that names only the width must not bring back.
    var garden = Garden(depth: 7)
    var pets: [Selected<Animals>] = []
    var favourite = Selected<Animals>(Cat())
}
