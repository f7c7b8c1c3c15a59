/// How often images of one class were taken for another. Only what happened is kept, so that it is as large as the test images
/// are many, however many classes there are; in JSON a list of `[row, column, count]`.
public struct Confusion: Codable, Equatable, Sendable {
    /// Images of one class that were taken for one class.
    public struct Cell: Codable, Equatable, Sendable {
        /// The true class.
        public var row: Int
        /// What it was taken for.
        public var column: Int
        /// How many images.
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

    /// Reports of more classes leave it out.
    public static let reportedClasses = 1000

    /// What happened, by rows, then by columns.
    public var cells: [Cell]

    /// Counts pairs of a true class and an answer.
    public init(_ pairs: some Sequence<(row: Int, column: Int)>) {
        var counts: [[Int]: Int] = [:]
        for pair in pairs { counts[[pair.row, pair.column], default: 0] += 1 }
        cells = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            .map { Cell(row: $0.key[0], column: $0.key[1], count: $0.value) }
    }

    /// Takes the matrix of all classes, as reports of earlier versions have it.
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

    /// The whole matrix, `[classes, classes]`: for few classes.
    public func matrix(classes: Int) -> [[Int]] {
        var matrix = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
        for cell in cells where cell.row < classes && cell.column < classes {
            matrix[cell.row][cell.column] += cell.count
        }
        return matrix
    }
}
