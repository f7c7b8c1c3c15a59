import Files
import Views

/// The images that a run skipped; each is counted and listed once.
struct QuarantineList {
    /// Nil on ranks that write nothing.
    private let file: JSONLines?
    /// In bytes: Swift compares strings by their characters, so that names of different bytes may be equal.
    private var names: Set<[UInt8]>

    /// The images that the run listed before it was stopped.
    init(_ folder: RunFolder) {
        struct Record: Decodable { var name: String }
        file = folder.isWritten ? JSONLines(folder.quarantine) : nil
        names = Set((file?.records(Record.self) ?? []).map { Array($0.name.utf8) })
    }

    /// The number of images.
    var count: Int { names.count }

    /// The number of images with those of some records.
    func count(with records: [QuarantineRecord]) -> Int { names.union(records.map { Array($0.name.utf8) }).count }

    /// Appends the records that are new.
    mutating func add(_ records: [QuarantineRecord]) throws {
        for record in records where names.insert(Array(record.name.utf8)).inserted { try file?.append(record) }
    }
}
