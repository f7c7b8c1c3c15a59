import Foundation
import Testing

@testable import Contrast

@Suite("A table of runs")
struct RunTableTests {
    private func run(_ name: String, knn: Double? = nil, loss: Double? = nil, seconds: Double = 1) -> RunSummary {
        RunSummary(
            name: name, path: "runs/\(name)", method: "simclr", encoder: "resnet18", epochs: 1, ofEpochs: 2,
            state: .stopped, knn: knn, probe: nil, loss: loss, seconds: seconds)
    }

    @Test func theBestComesFirstAndWhatHasNoValueLast() {
        let runs = [
            run("a10", knn: 0.2, loss: .nan), run("a9", loss: 2), run("b", knn: 0.7, loss: 1, seconds: 0.5),
            run("c", knn: 0.2),
        ]
        func order(_ column: RunTable.Column) -> [String] {
            var table = RunTable(runs)
            table.sort(by: column)
            return table.runs.map(\.name)
        }
        #expect(order(.name) == ["a9", "a10", "b", "c"])
        #expect(order(.knn) == ["b", "a10", "c", "a9"])
        #expect(order(.loss) == ["b", "a9", "a10", "c"])
        #expect(order(.time) == ["b", "a10", "a9", "c"])
        #expect(order(.probe) == ["a10", "a9", "b", "c"] && order(.method) == order(.probe))
    }

    @Test func columnsAreAlignedAndCSVIsQuoted() {
        let table = RunTable([run("a,\"b\"", knn: 0.5, seconds: 3700), run("c", loss: 1.5, seconds: 75)])
        #expect(
            table.lines == [
                "name   method  encoder   epochs  state      kNN  probe    loss   time",
                "a,\"b\"  simclr  resnet18     1/2  stopped  50.0%      -       -  1h01m",
                "c      simclr  resnet18     1/2  stopped      -      -  1.5000  1m15s",
            ])
        // A damaged record, too.
        #expect(RunTable([run("d", seconds: 1e300)]).lines.count == 2)
        #expect(table.csv[1] == "\"a,\"\"b\"\"\",\"runs/a,\"\"b\"\"\",simclr,resnet18,1,2,stopped,0.5,,,3700.0")
    }
}
