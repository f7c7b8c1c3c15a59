import Foundation

/// A scatter plot of images, coloured by class; some points show the image.
struct MapDrawing {
    var title: String
    var positions: [(x: Double, y: Double)]
    /// The points' classes, negative for none.
    var labels: [Int]
    var classes: [String]
    /// Images as PNG, by the index of their point.
    var pictures: [Int: [UInt8]]

    /// The drawing as SVG, 480 by 500.
    var svg: String {
        let (side, head) = (480.0, 24.0)
        let (xs, ys) = (positions.map(\.x), positions.map(\.y))
        func scale(_ values: [Double], _ value: Double) -> Double {
            let (low, high) = (values.min() ?? 0, values.max() ?? 1)
            return 20 + (side - 40) * (value - low) / max(high - low, 1e-12)
        }
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side + head)" width="\(side)" \
            height="\(side + head)"><style>text{font:600 13px system-ui,sans-serif;fill:#333}.p{fill:#fff}\
            @media(prefers-color-scheme:dark){text{fill:#ddd}.p{fill:#16181c}}</style>
            <rect class="p" width="100%" height="100%"/><text x="8" y="16">\(Markup.escaped(title))</text>

            """
        for (index, position) in positions.enumerated() {
            let (x, y) = (scale(xs, position.x), head + side - scale(ys, position.y))
            let label = labels[index]
            let name = label >= 0 && label < classes.count ? Markup.escaped(classes[label]) : "no class"
            text +=
                "<circle cx=\"\(Markup.number(x))\" cy=\"\(Markup.number(y))\" r=\"3\" fill=\"\(colour(label))\">"
                + "<title>\(name)</title></circle>\n"
        }
        for (index, png) in pictures.sorted(by: { $0.key < $1.key }) {
            let (x, y) = (scale(xs, positions[index].x), head + side - scale(ys, positions[index].y))
            text +=
                "<image x=\"\(Markup.number(x - 13))\" y=\"\(Markup.number(y - 13))\" width=\"26\" height=\"26\" "
                + "href=\"data:image/png;base64,\(Data(png).base64EncodedString())\"/>"
                + "<rect x=\"\(Markup.number(x - 13.5))\" y=\"\(Markup.number(y - 13.5))\" width=\"27\" height=\"27\" "
                + "fill=\"none\" stroke=\"\(colour(labels[index]))\" stroke-width=\"1.5\"/>\n"
        }
        return text + "</svg>\n"
    }

    private func colour(_ label: Int) -> String { label < 0 ? "#888" : MapDrawing.colour(label, of: classes.count) }

    /// The colour of a class.
    static func colour(_ label: Int, of count: Int) -> String {
        // Steps of the golden angle give neighbouring classes different hues.
        let hue = (Double(label) * 137.508).truncatingRemainder(dividingBy: 360)
        return "hsl(\(Int(hue)),\(label % 2 == 0 ? 70 : 55)%,\(label % 3 == 0 ? 45 : 58)%)"
    }
}
