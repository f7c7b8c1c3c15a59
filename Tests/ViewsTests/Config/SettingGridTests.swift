import Testing

@testable import Views

@Suite("A grid of settings")
struct SettingGridTests {
    private func grid(_ settings: String..., file: String = "{}") throws(ConfigurationError) -> SettingGrid<Plan> {
        try SettingGrid(ConfigurationReader(file: "x.yaml", text: file), settings: settings)
    }

    private func error(_ settings: [String], file: String = "{}") -> String {
        do {
            let reader = try ConfigurationReader(file: "x.yaml", text: file)
            return "none: \(try SettingGrid<Plan>(reader, settings: settings).cells.map(\.name))"
        } catch {
            return error.description
        }
    }

    @Test func allCombinationsHaveNamesAndWholePaths() throws {
        let cells = try grid("rate=0.1,1e-3", "epochs=5", "plan_tool=saw,hammer").cells
        #expect(
            cells.map(\.name) == [
                "rate=0.1_plan_tool=saw", "rate=0.1_plan_tool=hammer", "rate=1e-3_plan_tool=saw",
                "rate=1e-3_plan_tool=hammer",
            ])
        #expect(cells[3].overrides == ["work.rate=1e-3", "work.epochs=5", "plan_tool=hammer"])
        #expect(cells.map(\.value.work.rate) == [0.1, 0.1, 1e-3, 1e-3])
        #expect(cells.allSatisfy { $0.value.work.epochs == 5 } && cells[3].value.planTool.name == "hammer")
    }

    @Test func tooManyCombinationsAreCountedBeforeTheyAreMade() {
        let values = (1...2000).map(String.init).joined(separator: ",")
        let settings = ["work.epochs=\(values)", "work.rate=\(values)", "plan_tool.weight=\(values)"]
        #expect(error(settings).contains("more than 10000 combinations"))
    }

    @Test func settingsApplyInOrder() throws {
        let text = "plan_tool: {saw: {weight: 7, teeth: 3}}"
        let cells = try grid("plan_tool=saw,hammer", "plan_tool.weight=1,2", file: text).cells
        #expect(cells.map { $0.overrides[1] }.last == "plan_tool.hammer.weight=2")
        let saw = try #require(cells[1].value.planTool.component as? Saw)
        // The member that the file chose keeps its other settings.
        #expect(saw.weight == 2 && saw.teeth == 3)
    }

    @Test func valuesMayHaveCommas() throws {
        let cells = try grid("sizes=[1, 2],[3]", "label='a,b',c").cells
        #expect(cells.map(\.value.sizes) == [[1, 2], [1, 2], [3], [3]] && cells[0].value.label == "a,b")
        // What a folder's name should not hold is replaced, and a hash tells names apart.
        #expect(Set(cells.map(\.name)).count == 4)
        for cell in cells { #expect(!cell.name.contains { "/ ,'[]".contains($0) }, "\(cell.name)") }
        #expect(try grid("sizes[1]=4,5", file: "sizes: [1, 2]").cells[1].value.sizes == [1, 5])
        #expect(try grid("planTool.saw.weight=1,2".replacing("planTool", with: "plan_tool")).cells.count == 2)
    }

    @Test(arguments: [
        (["rate"], "--set: rate: must be key=value,value,..."),
        (["rate=1"], "--set: no setting has several values"),
        (["rate=1,"], "--set: rate: has an empty value in its list"),
        (["rate=1,1"], "--set: rate: has a value twice"),
        (["rate=1,1.0"], "--set: rate=1 and rate=1.0 are the same configuration"),
        (["raet=1,2"], "--set: raet: is not a setting; did you mean rate? valid are "),
        (["weight=1,2"], "--set: weight: is the end of several settings: plan_tool.saw.weight, spare_tool.saw.weight;"),
        (["rate=1,x"], "--set: work.rate: must be a number, is x"),
        (["epochs=1,99"], "--set: work.epochs: must be in 0...10, is 99"),
        (["work.rat=1,2"], "--set: work.rat: is not a setting; did you mean rate?"),
        (["sizes[1]=1,2"], "--set: sizes[1]: there are 0 elements, from 0"),
        (["plan_tool=saw,hammer", "teeth=2"], "--set: teeth: with plan_tool=saw: is the end of several settings"),
        (
            ["spare_tool=hammer", "plan_tool=saw,hammer", "teeth=2"],
            "--set: teeth: with plan_tool=hammer: is not a setting"
        ),
        (["plan_tool=saw,hammer", "plan_tool.saw.teeth=2"], "--set: plan_tool.saw: plan_tool is hammer"),
        (["rate=1,2", "epochs=1,2,3", "a"], "--set: a: must be key=value,value,..."),
    ])
    func whatCannotBeAGrid(settings: [String], expected: String) {
        #expect(error(settings).hasPrefix(expected), "\(error(settings))")
    }
}

private protocol Tool: Component {}

private struct Saw: Tool {
    static let name = "saw"
    var weight = 1
    var teeth = 1
}

private struct Hammer: Tool {
    static let name = "hammer"
    var weight = 1
}

private struct Tools: ComponentFamily {
    static let registry = Registry<any Tool>(kind: "a tool", [Saw.self, Hammer.self])
}

private struct Work: Component {
    static let name = "work"
    var rate = 0.0
    var epochs = 1
    func validate() throws(InvalidSetting) { try require("epochs", epochs, in: 0...10) }
}

private struct Plan: Component {
    static let name = "plan"
    var label = ""
    var sizes: [Int] = []
    var planTool = Selected<Tools>(Saw())
    var spareTool = Selected<Tools>(Saw())
    var work = Work()
}
