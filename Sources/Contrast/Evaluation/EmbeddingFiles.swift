import Files
import Foundation
import Torch
import Views

/// The files that `diptych embed` writes: the features, the images' labels, paths and sides row by row, and the names
/// of the classes.
///
/// Beside `features.npy` these are `labels.npy`, `paths.txt`, `sides.txt`, `classes.txt` and `table.csv`. Beside any
/// other `NAME.npy` they are `NAME.labels.npy` and so on, so that several outputs can share a folder.
public struct EmbeddingFiles: Equatable, Sendable {
    /// Float32 `[images, dimension]`.
    public let features: String
    /// Int64 `[images]`, -1 for an image without a label.
    public let labels: String
    /// One path per line.
    public let paths: String
    /// One name per line; line i is label i.
    public let classes: String
    /// `train`, `test` or `validation`, one line per image, if there are several sides.
    public let sides: String
    /// The columns of a table, as a table that can be read again.
    public let table: String

    /// Derives the names from that of the features.
    public init(_ output: String) {
        let slash = output.lastIndex(of: "/").map { output.index(after: $0) } ?? output.startIndex
        let (folder, file) = (output[..<slash], output[slash...])
        let name = file.hasSuffix(".npy") ? file.dropLast(4) : file
        let stem = folder + (name == "features" ? "" : name + ".")
        features = output
        (labels, paths) = (stem + "labels.npy", stem + "paths.txt")
        (classes, sides, table) = (stem + "classes.txt", stem + "sides.txt", stem + "table.csv")
    }

    /// Writes all files, the features last; removes files of an earlier output that this one does not have.
    /// - Parameters:
    ///   - rows: `[N, D]`.
    ///   - labels: N classes, -1 for none.
    ///   - paths: N paths.
    ///   - classes: the names of the classes; empty without labels.
    ///   - sides: N sides; nil if there is only one.
    ///   - table: a table of N rows; nil if the images came without columns.
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
