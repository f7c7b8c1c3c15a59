import Files
import Foundation
import Views

/// The images that a run could not use: each is counted and listed once.
struct QuarantineList {
    private let folder: RunFolder
    /// In bytes: to a Swift string, names that look alike are one.
    private var names = Set<[UInt8]>()

    /// Nothing yet.
    init(_ folder: RunFolder) { self.folder = folder }

    /// Takes up what a run listed before it was stopped.
    mutating func resume() {
        struct Record: Decodable { var name: String }
        let data = (try? StoredFile.read(folder.quarantine)) ?? Data()
        let records = data.split(separator: 0x0A).compactMap { try? JSONDecoder().decode(Record.self, from: $0) }
        names = Set(records.map { Array($0.name.utf8) })
    }

    /// Images so far.
    var count: Int { names.count }

    /// Images so far with those of some records.
    func count(with records: [QuarantineRecord]) -> Int { names.union(records.map { Array($0.name.utf8) }).count }

    /// Appends those that are new, so that a killed run has listed them too.
    mutating func add(_ records: [QuarantineRecord]) throws {
        let new = records.filter { names.insert(Array($0.name.utf8)).inserted }
        guard !new.isEmpty, folder.isWritten else { return }
        let file = try AppendingFile(folder.quarantine)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for record in new { try file.append(try encoder.encode(record) + Data([0x0A])) }
    }
}
