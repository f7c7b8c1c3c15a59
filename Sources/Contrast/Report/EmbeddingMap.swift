import Foundation
import Torch

/// Features of images in two dimensions, by PCA and by t-SNE of their cosines.
struct EmbeddingMap {
    /// Places on the two principal axes.
    let principal: [(x: Double, y: Double)]
    /// The share of the variance on them.
    let explained: Double
    /// Places by t-SNE.
    let neighbours: [(x: Double, y: Double)]

    /// Maps rows `[N, D]`.
    init(_ features: Tensor) throws(TorchError) {
        let rows = try features.to(.float64)
        let count = rows.shape[0]
        let centred = try rows - rows.mean(dim: 0, keepdim: true)
        let gram = try centred.matmul(centred.transpose(0, 1))
        let total = try gram.diagonal().sum().item()
        let (first, firstShare) = try EmbeddingMap.leading(gram, count: count)
        let rest = try gram - first.matmul(first.transpose(0, 1)) * firstShare
        let (second, secondShare) = try EmbeddingMap.leading(rest, count: count)
        let x: [Double] = try (first * max(firstShare, 0).squareRoot()).toArray()
        let y: [Double] = try (second * max(secondShare, 0).squareRoot()).toArray()
        principal = Array(zip(x, y))
        explained = total > 0 ? (firstShare + secondShare) / total : 0
        let unit = try rows.normalizedRows()
        let distances = try -(unit.matmul(unit.transpose(0, 1)) * 2 - 2)
        neighbours = TSNE().map(distances: try distances.clamp(min: 0).toArray(), start: principal).places
    }

    /// The leading eigenvector of a symmetric matrix, `[N, 1]`, and its eigenvalue, by power iteration.
    private static func leading(_ matrix: Tensor, count: Int) throws(TorchError) -> (Tensor, Double) {
        var vector = try Tensor((0..<count).map { 1 + 0.1 * sin(Double($0) * 7.3) }, shape: [count, 1])
        var value = 0.0
        for _ in 0..<200 {
            let next = try matrix.matmul(vector)
            let length = try next.norm(dim: 0).item()
            guard length > 0 else { return (vector, 0) }
            vector = try next / length
            let converged = abs(length - value) <= 1e-10 * length
            value = length
            if converged { break }
        }
        return (vector, value)
    }
}

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
            <rect class="p" width="100%" height="100%"/><text x="8" y="16">\(SVG.escaped(title))</text>

            """
        for (index, place) in places.enumerated() {
            let (x, y) = (scale(xs, place.x), head + side - scale(ys, place.y))
            let label = labels[index]
            let name = label >= 0 && label < classes.count ? SVG.escaped(classes[label]) : "no class"
            text +=
                "<circle cx=\"\(SVG.number(x))\" cy=\"\(SVG.number(y))\" r=\"3\" fill=\"\(colour(label))\">"
                + "<title>\(name)</title></circle>\n"
        }
        for (index, png) in pictures.sorted(by: { $0.key < $1.key }) {
            let (x, y) = (scale(xs, places[index].x), head + side - scale(ys, places[index].y))
            text +=
                "<image x=\"\(SVG.number(x - 13))\" y=\"\(SVG.number(y - 13))\" width=\"26\" height=\"26\" "
                + "href=\"data:image/png;base64,\(Data(png).base64EncodedString())\"/>"
                + "<rect x=\"\(SVG.number(x - 13.5))\" y=\"\(SVG.number(y - 13.5))\" width=\"27\" height=\"27\" "
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
