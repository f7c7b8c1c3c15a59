import Foundation
import Synchronization

/// What a look at every image of a source found.
public struct ScanReport: Codable, Equatable, Sendable {
    /// One class and its images.
    public struct ClassCount: Codable, Equatable, Sendable {
        /// The class's name.
        public var name: String
        /// Its images, unreadable ones included.
        public var images: Int
    }

    /// An image that cannot be used.
    public struct Unreadable: Codable, Equatable, Sendable {
        /// The path relative to the root.
        public var path: String
        /// The kind of failure.
        public var kind: DecodeError.Kind
        /// What is wrong.
        public var reason: String
    }

    /// The smallest, the middle and the largest of a figure.
    public struct Range: Codable, Equatable, Sendable {
        /// The smallest.
        public var smallest: Int
        /// The one in the middle.
        public var median: Int
        /// The largest.
        public var largest: Int
    }

    /// Images listed.
    public var images = 0
    /// The classes in the order of their labels; empty if unlabelled.
    public var classes: [ClassCount] = []
    /// Images of the largest class over images of the smallest; nil if unlabelled.
    public var imbalance: Double?
    /// Images by format, as the content has it.
    public var formats: [String: Int] = [:]
    /// Columns of the readable images.
    public var widths: Range?
    /// Rows of the readable images.
    public var heights: Range?
    /// Images with an alpha channel or a transparent colour.
    public var alpha = 0
    /// Images whose EXIF orientation turns or mirrors them.
    public var oriented = 0
    /// Images whose name promises another format than the content has.
    public var mislabelled: [String] = []
    /// Images whose decoder had something to say, but which are used.
    public var warned = 0
    /// Images that cannot be used.
    public var unreadable: [Unreadable] = []
    /// Groups of files with the same bytes, two or more each.
    public var duplicates: [[String]] = []
    /// Files that are no images by their names, left out.
    public var ignoredFiles = 0
    /// What the listing came across.
    public var issues: [SourceIssue] = []

    /// An empty report.
    public init() {}
}

/// Decodes every image of a folder once, on several threads, and counts what it finds.
public struct Scan: Sendable {
    private let folder: ImageFolder
    private let options: DecodeOptions

    /// Makes a scan of a folder.
    public init(_ folder: ImageFolder, options: DecodeOptions = DecodeOptions()) {
        self.folder = folder
        self.options = options
    }

    /// Scans on `threads` threads.
    /// - Parameter progress: told the images done so far, from any thread, now and then.
    public func run(threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }) -> ScanReport {
        let next = Atomic<Int>(0)
        let looks = Mutex<[Look?]>(Array(repeating: nil, count: folder.count))
        Workers.run(threads) {
            let worker = Looker(options)
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < folder.count else { return }
                let look = worker.look(at: index, of: folder)
                looks.withLock { $0[index] = look }
                if index % 64 == 63 { progress(index + 1) }
            }
        }
        return report(looks.withLock { $0 }.compactMap { $0 })
    }

    private func report(_ looks: [Look]) -> ScanReport {
        var report = ScanReport()
        report.images = folder.count
        report.ignoredFiles = folder.ignoredFiles
        report.issues = folder.issues
        var counts = [Int](repeating: 0, count: folder.classes.count)
        var groups: [Fingerprint: [Int]] = [:]
        var widths: [Int] = []
        var heights: [Int] = []
        for (index, look) in looks.enumerated() {
            if let label = folder.label(index) { counts[label] += 1 }
            if let print = look.fingerprint { groups[print, default: []].append(index) }
            switch look.outcome {
            case .failure(let error):
                report.unreadable.append(.init(path: folder.name(index), kind: error.kind, reason: error.reason))
            case .success(let facts):
                report.formats[facts.format, default: 0] += 1
                widths.append(facts.size.width)
                heights.append(facts.size.height)
                if facts.hasAlpha { report.alpha += 1 }
                if facts.isOriented { report.oriented += 1 }
                if facts.isMislabelled { report.mislabelled.append(folder.name(index)) }
                if facts.warnings > 0 { report.warned += 1 }
            }
        }
        report.classes = zip(folder.classes, counts).map { .init(name: $0, images: $1) }
        if let most = counts.max(), let least = counts.min(), least > 0 {
            report.imbalance = Double(most) / Double(least)
        }
        report.widths = ScanReport.Range(widths)
        report.heights = ScanReport.Range(heights)
        report.duplicates = groups.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
            .map { $0.map(folder.name) }
        return report
    }
}

extension ScanReport.Range {
    fileprivate init?(_ values: [Int]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        self.init(smallest: first, median: sorted[sorted.count / 2], largest: last)
    }
}

/// What tells files apart by their bytes: the length and two independent 64-bit hashes.
///
/// With a million files the chance of a false pair is below 10^-26, so the bytes need not be kept.
private struct Fingerprint: Hashable, Sendable {
    var length: Int
    var first: UInt64
    var second: UInt64

    init(_ bytes: UnsafeRawBufferPointer) {
        length = bytes.count
        first = 0xCBF2_9CE4_8422_2325
        second = 0x9E37_79B9_7F4A_7C15
        var index = 0
        while index + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        while index < bytes.count {
            mix(UInt64(bytes[index]))
            index += 1
        }
    }

    private mutating func mix(_ word: UInt64) {
        first = (first ^ word) &* 0x0000_0100_0000_01B3
        first ^= first >> 29
        second = (second &+ word) &* 0xBF58_476D_1CE4_E5B9
        second ^= second >> 31
    }
}

/// What one image turned out to be.
private struct Look: Sendable {
    struct Facts: Sendable {
        var format: String
        var size: Size
        var hasAlpha: Bool
        var isOriented: Bool
        var isMislabelled: Bool
        var warnings: Int
    }

    var fingerprint: Fingerprint?
    var outcome: Result<Facts, DecodeError>
}

/// One thread's memory for looking at images.
private final class Looker {
    private let decoder: ImageDecoder
    private let buffer = FileBuffer()
    private let image = Image()

    init(_ options: DecodeOptions) {
        decoder = ImageDecoder(options: options)
    }

    func look(at index: Int, of folder: ImageFolder) -> Look {
        let name = folder.name(index)
        var fingerprint: Fingerprint?
        do throws(DecodeError) {
            try folder.read(index, into: buffer)
            fingerprint = Fingerprint(buffer.bytes)
            let header = try decoder.header(of: buffer.bytes, path: name)
            let report = try decoder.decode(buffer.bytes, path: name, into: image)
            return Look(
                fingerprint: fingerprint,
                outcome: .success(
                    Look.Facts(
                        format: header.format.rawValue, size: header.size, hasAlpha: header.hasAlpha,
                        isOriented: header.orientation != .up, isMislabelled: !header.format.matches(name: name),
                        warnings: report.warnings)))
        } catch {
            return Look(fingerprint: fingerprint, outcome: .failure(error))
        }
    }
}
