import Foundation

/// A plot of lines.
public struct LinePlot: Sendable {
    /// A colour; its shade depends on the light or dark colour scheme.
    public enum Colour: String, Sendable, CaseIterable {
        case blue, orange, green, purple, ink, faint
    }

    /// A line.
    public struct Series: Sendable {
        /// The name in the legend.
        public var name: String
        /// The line's colour.
        public var colour: Colour
        /// Whether the line is dashed.
        public var dashed = false
        /// The points from left to right; NaN interrupts the line.
        public var points: [(x: Double, y: Double)]
        /// A shaded band around the line, from left to right.
        public var band: [(x: Double, low: Double, high: Double)] = []

        /// Makes a line.
        public init(_ name: String, _ colour: Colour, dashed: Bool = false, points: [(x: Double, y: Double)]) {
            (self.name, self.colour, self.dashed, self.points) = (name, colour, dashed, points)
        }
    }

    /// The title above the plot.
    public var title: String
    /// The label of the horizontal axis.
    public var xLabel: String
    /// The label of the vertical axis.
    public var yLabel: String
    /// The lines; later ones are drawn over earlier ones.
    public var series: [Series]
    /// The range of the horizontal axis; nil for that of the points.
    public var xRange: ClosedRange<Double>?
    /// The range of the vertical axis, at which lines are clipped; nil for that of the points.
    public var yRange: ClosedRange<Double>?
    /// The ratio of neighbouring ticks of a logarithmic horizontal axis; nil for a linear axis.
    public var logarithmicBase: Double?

    /// Makes a plot.
    public init(title: String, xLabel: String, yLabel: String, series: [Series] = []) {
        (self.title, self.xLabel, self.yLabel, self.series) = (title, xLabel, yLabel, series)
    }

    /// The plot as SVG elements in a rectangle of this size.
    /// - Parameter id: the id of the plot's clip path, unique in the file.
    func elements(_ width: Double, _ height: Double, id: String) -> String {
        let frame = (left: 46.0, top: 26.0, right: width - 18, bottom: height - 40)
        let x = Axis(
            xRange ?? range(of: series.flatMap { $0.points.map(\.x) }), from: frame.left, to: frame.right,
            logarithmicBase: logarithmicBase)
        let y = Axis(yRange ?? range(of: series.flatMap { $0.points.map(\.y) }), from: frame.bottom, to: frame.top)
        var text = """
            <clipPath id="\(id)"><rect x="\(frame.left)" y="\(frame.top)" width="\(frame.right - frame.left)" \
            height="\(frame.bottom - frame.top)"/></clipPath>
            <text class="title" x="\(frame.left)" y="16">\(Markup.escaped(title))</text>

            """
        for tick in y.ticks {
            let at = Markup.number(y.position(tick))
            text += #"<line class="grid" x1="\#(frame.left)" x2="\#(frame.right)" y1="\#(at)" y2="\#(at)"/>"#
            text += #"<text class="y" x="\#(frame.left - 6)" y="\#(at)" dy="0.32em">\#(y.label(tick))</text>\#n"#
        }
        for tick in x.ticks {
            let at = Markup.number(x.position(tick))
            text += #"<line class="axis" x1="\#(at)" x2="\#(at)" y1="\#(frame.bottom)" y2="\#(frame.bottom + 4)"/>"#
            text += #"<text class="x" x="\#(at)" y="\#(frame.bottom + 16)">\#(x.label(tick))</text>\#n"#
        }
        let middle = (x: (frame.left + frame.right) / 2, y: (frame.top + frame.bottom) / 2)
        text += """
            <line class="axis" x1="\(frame.left)" x2="\(frame.right)" y1="\(frame.bottom)" y2="\(frame.bottom)"/>
            <text class="x" x="\(middle.x)" y="\(frame.bottom + 32)">\(Markup.escaped(xLabel))</text>
            <text class="x" transform="translate(14 \(middle.y)) rotate(-90)">\(Markup.escaped(yLabel))</text>
            <g clip-path="url(#\(id))">

            """
        for line in series { text += line.elements(x, y) }
        return text + "</g>\n"
    }

    private func range(of values: [Double]) -> ClosedRange<Double> {
        let finite = values.filter(\.isFinite)
        guard let low = finite.min(), let high = finite.max(), low < high else {
            let only = finite.first ?? 0
            return only - 1...only + 1
        }
        return low...high
    }
}

extension LinePlot.Series {
    /// The band and the line.
    fileprivate func elements(_ x: Axis, _ y: Axis) -> String {
        func svg(_ point: (x: Double, y: Double)) -> String {
            "\(Markup.number(x.position(point.x))),\(Markup.number(y.position(point.y)))"
        }
        var text = ""
        let drawn = band.filter { !$0.low.isNaN && !$0.high.isNaN }
        if drawn.count > 1 {
            let outline = drawn.map { ($0.x, $0.high) } + drawn.reversed().map { ($0.x, $0.low) }
            text += #"<polygon class="band \#(colour.rawValue)" points=""#
            text += outline.map { svg($0) }.joined(separator: " ") + "\"/>\n"
        }
        for run in points.split(whereSeparator: { $0.y.isNaN || $0.x.isNaN }) {
            text += #"<polyline class="line \#(colour.rawValue)\#(dashed ? " dashed" : "")" points=""#
            text += run.map { svg($0) }.joined(separator: " ") + "\"/>\n"
        }
        return text
    }
}
