import Foundation
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@testable import Contrast

@Suite("Line plots")
struct LinePlotTests {
    @Test(arguments: [
        (0.0...10, [0.0, 2, 4, 6, 8, 10]), (-2...14, [0, 5, 10]), (0...1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0...20_000, [0, 5000, 10_000, 15_000, 20_000]),
    ])
    func ticksAreRound(range: ClosedRange<Double>, wanted: [Double]) {
        let ticks = Axis(range, from: 0, to: 100).ticks
        #expect(ticks.count == wanted.count)
        for (tick, value) in zip(ticks, wanted) { #expect(abs(tick - value) < 1e-9) }
    }

    @Test func logarithmicTicksArePowers() {
        let axis = Axis(2...4096, from: 0, to: 110, logarithmicBase: 4)
        #expect(axis.ticks.map { axis.label($0) } == ["4", "16", "64", "256", "1024", "4096"])
        #expect(abs(axis.position(64) - 50) < 1e-9)
        #expect(axis.position(4096) == 110)
    }

    @Test func numbersOutsideStayNear() {
        let axis = Axis(0...10, from: 200, to: 100)
        #expect(axis.position(5) == 150)
        #expect(axis.position(1e300) == 0)
        #expect(axis.position(-Double.infinity) == 300)
        #expect(Axis(3...3, from: 0, to: 1).position(3).isFinite)
    }

    @Test func picturesAreWellFormed() {
        var plot = LinePlot(title: "a < b & \"c\"", xLabel: "x", yLabel: "y")
        plot.series = [.init("<one>", .blue, points: [(0, 1), (1, .nan), (2, 3), (3, -.infinity)])]
        plot.series[0].band = [(0, 0, 2), (2, 2, 4)]
        let none = LinePlot(title: "nothing", xLabel: "x", yLabel: "y")
        let picture = SVG(title: "t", plots: [plot, none, plot], columns: 2).text
        #expect(XMLParser(data: Data(picture.utf8)).parse())
        #expect(!picture.contains("nan") && !picture.contains("inf"))
        // The break leaves two lines, and the legend names a line once.
        #expect(picture.components(separatedBy: "class=\"line blue\"").count == 1 + 2 * 2 + 1)
        #expect(picture.contains("&lt;one&gt;"))
        #expect(SVG(title: "none", plots: [], columns: 3).text.contains("</svg>"))
    }
}
