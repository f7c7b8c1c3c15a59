import Foundation

/// Points of a map coloured by class, some of them as the images themselves.
struct MapDrawing {
    var title: String
    var places: [(x: Double, y: Double)]
    /// Classes; negative where unknown.
    var labels: [Int]
    var classes: [String]
    /// PNG files by point.
    var pictures: [Int: [UInt8]]

    /// The drawing as SVG, 480 by 500.
    var svg: String {
        let (side, head) = (480.0, 24.0)
        let (xs, ys) = (places.map(\.x), places.map(\.y))
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
        for (index, place) in places.enumerated() {
            let (x, y) = (scale(xs, place.x), head + side - scale(ys, place.y))
            let label = labels[index]
            let name = label >= 0 && label < classes.count ? Markup.escaped(classes[label]) : "no class"
            text +=
                "<circle cx=\"\(Markup.number(x))\" cy=\"\(Markup.number(y))\" r=\"3\" fill=\"\(colour(label))\">"
                + "<title>\(name)</title></circle>\n"
        }
        for (index, png) in pictures.sorted(by: { $0.key < $1.key }) {
            let (x, y) = (scale(xs, places[index].x), head + side - scale(ys, places[index].y))
            text +=
                "<image x=\"\(Markup.number(x - 13))\" y=\"\(Markup.number(y - 13))\" width=\"26\" height=\"26\" "
                + "href=\"data:image/png;base64,\(Data(png).base64EncodedString())\"/>"
                + "<rect x=\"\(Markup.number(x - 13.5))\" y=\"\(Markup.number(y - 13.5))\" width=\"27\" height=\"27\" "
                + "fill=\"none\" stroke=\"\(colour(labels[index]))\" stroke-width=\"1.5\"/>\n"
        }
        return text + "</svg>\n"
    }

    private func colour(_ label: Int) -> String { label < 0 ? "#888" : MapDrawing.colour(label, of: classes.count) }

    /// A hue of its own for each class, neighbours far apart.
    static func colour(_ label: Int, of count: Int) -> String {
        // Steps of the golden section keep the hues of neighbouring classes apart.
        let hue = (Double(label) * 137.508).truncatingRemainder(dividingBy: 360)
        return "hsl(\(Int(hue)),\(label % 2 == 0 ? 70 : 55)%,\(label % 3 == 0 ? 45 : 58)%)"
    }
}
