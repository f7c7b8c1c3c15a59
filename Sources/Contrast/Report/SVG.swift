import Foundation

/// Plots side by side with one legend, as an SVG drawing with a light and a dark colour scheme.
public struct SVG: Sendable {
    /// The title above the plots.
    public var title: String
    /// The plots, row by row.
    public var plots: [LinePlot]
    /// The number of plots in a row.
    public var columns: Int
    /// The size of a plot in pixels.
    public var panel: (width: Double, height: Double)

    /// Makes a drawing.
    public init(title: String, plots: [LinePlot], columns: Int, panel: (width: Double, height: Double) = (300, 220)) {
        (self.title, self.plots, self.columns, self.panel) = (title, plots, max(1, columns), panel)
    }

    /// The drawing as the text of an SVG file.
    public var text: String {
        let rows = (plots.count + columns - 1) / columns
        let head = 58.0
        let width = Double(min(columns, max(plots.count, 1))) * panel.width + 8
        let height = head + Double(rows) * panel.height
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Markup.number(width)) \(Markup.number(height))" \
            width="\(Markup.number(width))" height="\(Markup.number(height))" role="img">
            <title>\(Markup.escaped(title))</title>
            <style>\(SVG.style)</style>
            <rect class="paper" width="100%" height="100%"/>
            <text class="head" x="12" y="22">\(Markup.escaped(title))</text>

            """
        text += legend
        for (index, plot) in plots.enumerated() {
            let x = Markup.number(Double(index % columns) * panel.width)
            let y = Markup.number(head + Double(index / columns) * panel.height)
            text += #"<g transform="translate(\#(x) \#(y))">"# + "\n"
            text += plot.elements(panel.width, panel.height, id: "panel\(index)") + "</g>\n"
        }
        return text + "</svg>\n"
    }

    /// The legend, with each name once.
    private var legend: String {
        var seen: [String] = []
        var text = ""
        var x = 12.0
        for line in plots.flatMap(\.series) where !seen.contains(line.name) {
            seen.append(line.name)
            let shape = "line \(line.colour.rawValue)\(line.dashed ? " dashed" : "")"
            text += #"<polyline class="\#(shape)" points="\#(Markup.number(x)),42 \#(Markup.number(x + 22)),42"/>"#
            text +=
                #"<text class="key" x="\#(Markup.number(x + 28))" y="42" dy="0.32em">\#(Markup.escaped(line.name))</text>"#
            text += "\n"
            // A letter of this font is about 6.4 pixels wide.
            x += 28 + 6.4 * Double(line.name.count) + 18
        }
        return text
    }

    private static let style = """
        text{font:12px system-ui,sans-serif;fill:#333}.head{font-size:15px;font-weight:600}.title{font-weight:600}\
        .x{text-anchor:middle}.y{text-anchor:end}.paper{fill:#fff}.grid{stroke:#e4e4e4}.axis{stroke:#888}\
        .line{fill:none;stroke-width:1.6;stroke-linejoin:round}.dashed{stroke-dasharray:5 4}\
        .band{opacity:.2;stroke:none}\
        .line.blue{stroke:#0072b2}.line.orange{stroke:#d55e00}.line.green{stroke:#009e73}.line.purple{stroke:#a0528b}\
        .line.ink{stroke:#222}.line.faint{stroke:#888}\
        .band.blue{fill:#0072b2}.band.orange{fill:#d55e00}.band.green{fill:#009e73}.band.purple{fill:#a0528b}\
        .band.ink{fill:#222}.band.faint{fill:#888}\
        @media(prefers-color-scheme:dark){text{fill:#ddd}.paper{fill:#16181c}.grid{stroke:#33363c}.axis{stroke:#888}\
        .line.blue{stroke:#56b4e9}.line.orange{stroke:#f0894a}.line.green{stroke:#2fc79b}.line.purple{stroke:#d48cc0}\
        .line.ink{stroke:#eee}.line.faint{stroke:#999}\
        .band.blue{fill:#56b4e9}.band.orange{fill:#f0894a}.band.green{fill:#2fc79b}.band.purple{fill:#d48cc0}\
        .band.ink{fill:#eee}.band.faint{fill:#999}}
        """
}
