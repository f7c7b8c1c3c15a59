import Files
import Foundation
import Torch
import Views

/// Where features of images go, and what stands beside them row by row: labels, paths, and the side of the data set; and the names
/// that the labels are indices of.
///
/// Beside `features.npy` these are `labels.npy`, `paths.txt`, `sides.txt`, `classes.txt` and `table.csv`; beside any other `NAME.npy` they are
/// `NAME.labels.npy` and so on, so that several outputs share a folder.
public struct EmbeddingFiles: Equatable, Sendable {
    /// Float32 `[images, dimension]`.
    public let features: String
    /// Int64 `[images]`, -1 where an image has no label.
    public let labels: String
    /// A path a line.
    public let paths: String
    /// A name a line: line i is label i.
    public let classes: String
    /// `train`, `test` or `validation`, a line an image; where there are several.
    public let sides: String
    /// What a table says of the images, as one that can be read again.
    public let table: String

    /// Names the files beside an output.
    public init(_ output: String) {
        let slash = output.lastIndex(of: "/").map { output.index(after: $0) } ?? output.startIndex
        let (folder, file) = (output[..<slash], output[slash...])
        let name = file.hasSuffix(".npy") ? file.dropLast(4) : file
        let stem = folder + (name == "features" ? "" : name + ".")
        features = output
        (labels, paths) = (stem + "labels.npy", stem + "paths.txt")
        (classes, sides, table) = (stem + "classes.txt", stem + "sides.txt", stem + "table.csv")
    }

    /// Writes all of them, the features last; what an earlier output left and this one has not is removed.
    /// - Parameters:
    ///   - rows: `[N, D]`.
    ///   - labels: N classes; -1 for none.
    ///   - paths: N paths.
    ///   - classes: what the labels are indices of; empty where nothing is labelled.
    ///   - sides: N sides; nil where there is one.
    ///   - table: a table of N rows; nil where the images came without columns.
    /// - Throws: `FileError`, `TorchError`.
    public func write(
        _ rows: Tensor, labels: [Int], paths: [String], classes: [String], sides: [String]?, table: String? = nil
    ) throws {
        try Npy.write(labels.map(Int64.init), shape: [labels.count], to: self.labels)
        try AtomicFile.write(ClassNames.text(paths), to: self.paths)
        try write(classes.isEmpty ? nil : classes, to: self.classes)
        try write(sides, to: self.sides)
        if let table { try AtomicFile.write(table, to: self.table) } else { StoredFile.remove(self.table) }
        try Npy.write(try rows.toArray(Float.self), shape: rows.shape, to: features)
    }

    private func write(_ lines: [String]?, to path: String) throws(FileError) {
        guard let lines else {
            StoredFile.remove(path)
            return
        }
        try AtomicFile.write(ClassNames.text(lines), to: path)
    }
}
