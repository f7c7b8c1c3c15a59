/// Distorts the perspective with probability `p` and keeps the size: torchvision's `RandomPerspective`.
///
/// Each corner moves inwards by up to `distortion_scale` times half the width and height, uniformly in whole pixels. A
/// picture of one row or column stays as it is, and so does one whose new corners lie on a line.
public struct Perspective: Augmentation {
    /// Its name in pipeline files.
    public static let name = "perspective"
    /// How far corners move, 0...1.
    public var distortionScale = 0.5
    /// How pixels are interpolated: nearest or bilinear.
    public var interpolation = WarpInterpolation.bilinear
    /// The colour of pixels that come from outside the picture.
    public var fill = Fill()
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// torchvision's defaults.
    public init() {}

    /// A pixel position.
    public struct Point: Codable, Equatable, Sendable {
        /// Its column.
        public var x: Int
        /// Its row.
        public var y: Int

        /// A point from its column and row.
        public init(x: Int, y: Int) {
            self.x = x
            self.y = y
        }
    }

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Where the corners go: upper left, upper right, lower right, lower left.
        public var corners: [Point]

        /// Parameters with these values.
        public init(corners: [Point]) {
            self.corners = corners
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("distortion_scale", distortionScale, in: 0...1)
        try require("p", p, in: 0...1)
    }

    /// Uses ten random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        let boundX = Int(distortionScale * Double(input.width / 2)) + 1
        let boundY = Int(distortionScale * Double(input.height / 2)) + 1
        func corner(right: Bool, lower: Bool) -> Point {
            let x = random.integer(below: boundX)
            let y = random.integer(below: boundY)
            return Point(x: right ? input.width - boundX + x : x, y: lower ? input.height - boundY + y : y)
        }
        return Parameters(corners: [
            corner(right: false, lower: false), corner(right: true, lower: false), corner(right: true, lower: true),
            corner(right: false, lower: true),
        ])
    }

    /// Replaces the picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        let size = canvas.size
        guard let coefficients = Self.coefficients(of: size, corners: parameters.corners) else { return }
        canvas.replace(size: size) { source, target in
            PixelOperations.perspective(
                source, coefficients: coefficients, linear: interpolation == .bilinear, fill: fill, to: target,
                scratch: canvas)
        }
    }

    /// The coefficients that map each of the four new corners to the picture's own; nil if there are none.
    ///
    /// With (x, y) a new corner and (u, v) the old one: a x + b y + c - g x u - h y u = u, d x + e y + f - g x v - h y
    /// v = v.
    static func coefficients(of size: Size, corners: [Point]) -> [Double]? {
        guard corners.count == 4, size.width > 1, size.height > 1 else { return nil }
        let (right, lower) = (Double(size.width - 1), Double(size.height - 1))
        var rows: [[Double]] = []
        for (corner, (u, v)) in zip(corners, [(0, 0), (right, 0), (right, lower), (0, lower)]) {
            let (x, y) = (Double(corner.x), Double(corner.y))
            rows.append([x, y, 1, 0, 0, 0, -x * u, -y * u, u])
            rows.append([0, 0, 0, x, y, 1, -x * v, -y * v, v])
        }
        return solve(rows)
    }

    /// Gauss-Jordan elimination with partial pivoting; each row ends with its right-hand side.
    private static func solve(_ system: [[Double]]) -> [Double]? {
        var rows = system
        let count = rows.count
        for column in 0..<count {
            guard let pivot = (column..<count).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }),
                abs(rows[pivot][column]) > 1e-9
            else { return nil }
            rows.swapAt(column, pivot)
            for row in 0..<count where row != column {
                let factor = rows[row][column] / rows[column][column]
                for entry in column...count { rows[row][entry] -= factor * rows[column][entry] }
            }
        }
        return (0..<count).map { rows[$0][count] / rows[$0][$0] }
    }
}
