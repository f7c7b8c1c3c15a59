/// A sparse confusion matrix; in JSON a list of `[row, column, count]`.
///
/// It has at most as many cells as there are test images, for any number of classes.
public struct Confusion: Codable, Equatable, Sendable {
    /// A cell that is not 0.
    public struct Cell: Codable, Equatable, Sendable {
        /// The true class.
        public var row: Int
        /// The predicted class.
        public var column: Int
        /// The number of images.
        public var count: Int

        /// Makes a cell.
        public init(row: Int, column: Int, count: Int) { (self.row, self.column, self.count) = (row, column, count) }

        /// Reads `[row, column, count]`.
        public init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            row = try values.decode(Int.self)
            column = try values.decode(Int.self)
            count = try values.decode(Int.self)
        }

        /// Writes `[row, column, count]`.
        public func encode(to encoder: any Swift.Encoder) throws {
            var values = encoder.unkeyedContainer()
            for value in [row, column, count] { try values.encode(value) }
        }
    }

    /// Reports with more classes have no confusion matrix.
    public static let reportedClasses = 1000

    /// The cells, sorted by row, then by column.
    public var cells: [Cell]

    /// Counts pairs of a true and a predicted class.
    public init(_ pairs: some Sequence<(row: Int, column: Int)>) {
        var counts: [[Int]: Int] = [:]
        for pair in pairs { counts[[pair.row, pair.column], default: 0] += 1 }
        cells = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { Cell(row: $0.key[0], column: $0.key[1], count: $0.value) }
    }

    /// Converts a full matrix, the form in reports of earlier versions.
    public init(matrix: [[Int]]) {
        cells = matrix.enumerated().flatMap { row, columns in
            columns.enumerated().filter { $1 > 0 }.map { Cell(row: row, column: $0, count: $1) }
        }
    }

    /// Reads a list of cells.
    public init(from decoder: any Decoder) throws { cells = try decoder.singleValueContainer().decode([Cell].self) }

    /// Writes a list of cells.
    public func encode(to encoder: any Swift.Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(cells)
    }

    /// The full matrix, `[classes, classes]`.
    public func matrix(classes: Int) -> [[Int]] {
        var matrix = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for cell in cells where cell.row < classes && cell.column < classes {
            matrix[cell.row][cell.column] += cell.count
        }
        return matrix
    }
}
