import Foundation

/// One panel of lines over two axes.
public struct LinePlot: Sendable {
    /// A colour, which the page's light or dark scheme gives its shade.
    public enum Colour: String, Sendable, CaseIterable {
        case blue, orange, green, purple, ink, faint
    }

    /// A line.
    public struct Series: Sendable {
        /// What the legend calls it.
        public var name: String
        /// Its colour.
        public var colour: Colour
        /// Whether it is drawn in dashes.
        public var dashed = false
        /// Its points from left to right; what is not finite breaks the line.
        public var points: [(x: Double, y: Double)]
        /// A shaded range around the line, from left to right.
        public var band: [(x: Double, low: Double, high: Double)] = []

        /// Makes a line.
        public init(_ name: String, _ colour: Colour, dashed: Bool = false, points: [(x: Double, y: Double)]) {
            (self.name, self.colour, self.dashed, self.points) = (name, colour, dashed, points)
        }
    }

    /// What stands above.
    public var title: String
    /// What the horizontal axis is.
    public var xLabel: String
    /// What the vertical axis is.
    public var yLabel: String
    /// The lines, later ones above.
    public var series: [Series]
    /// The horizontal axis; of the points where it is not set.
    public var xRange: ClosedRange<Double>?
    /// The vertical axis; of the points where it is not set. Lines are cut off at its ends.
    public var yRange: ClosedRange<Double>?
    /// The ratio of neighbouring ticks where the horizontal axis is logarithmic.
    public var logarithmicBase: Double?

    /// Makes a panel.
    public init(title: String, xLabel: String, yLabel: String, series: [Series] = []) {
        (self.title, self.xLabel, self.yLabel, self.series) = (title, xLabel, yLabel, series)
    }

    /// The panel as SVG elements inside a rectangle.
    /// - Parameter id: unique on the page; names the panel's clip.
    func elements(_ width: Double, _ height: Double, id: String) -> String {
        let frame = (left: 46.0, top: 26.0, right: width - 18, bottom: height - 40)
        let x = Axis(
            xRange ?? extent(series.flatMap { $0.points.map(\.x) }), from: frame.left, to: frame.right,
            logarithmicBase: logarithmicBase)
        let y = Axis(yRange ?? extent(series.flatMap { $0.points.map(\.y) }), from: frame.bottom, to: frame.top)
        var text = """
            <clipPath id="\(id)"><rect x="\(frame.left)" y="\(frame.top)" width="\(frame.right - frame.left)" \
            height="\(frame.bottom - frame.top)"/></clipPath>
            <text class="title" x="\(frame.left)" y="16">\(Markup.escaped(title))</text>

            """
        for tick in y.ticks {
            let at = Markup.number(y.place(tick))
            text += #"<line class="grid" x1="\#(frame.left)" x2="\#(frame.right)" y1="\#(at)" y2="\#(at)"/>"#
            text += #"<text class="y" x="\#(frame.left - 6)" y="\#(at)" dy="0.32em">\#(y.label(tick))</text>\#n"#
        }
        for tick in x.ticks {
            let at = Markup.number(x.place(tick))
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

    private func extent(_ values: [Double]) -> ClosedRange<Double> {
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
        func place(_ at: (x: Double, y: Double)) -> String {
            "\(Markup.number(x.place(at.x))),\(Markup.number(y.place(at.y)))"
        }
        var text = ""
        let drawn = band.filter { !$0.low.isNaN && !$0.high.isNaN }
        if drawn.count > 1 {
            let outline = drawn.map { ($0.x, $0.high) } + drawn.reversed().map { ($0.x, $0.low) }
            text += #"<polygon class="band \#(colour.rawValue)" points=""#
            text += outline.map { place($0) }.joined(separator: " ") + "\"/>\n"
        }
        for run in points.split(whereSeparator: { $0.y.isNaN || $0.x.isNaN }) {
            text += #"<polyline class="line \#(colour.rawValue)\#(dashed ? " dashed" : "")" points=""#
            text += run.map { place($0) }.joined(separator: " ") + "\"/>\n"
        }
        return text
    }
}
