/// Test images whose files are also training images. A sample of the test images is compared by size and by bytes.
///
/// A copy with other bytes, such as one of another quality, is not found; `TrainTestCopies` compares pictures.
public struct SharedImages: Equatable, Sendable {
    /// The number of test images that were compared.
    public private(set) var looked = 0
    /// The number of those that are also training images.
    public private(set) var shared = 0

    /// The most test images that are compared.
    private static let looks = 200
    /// The most training images whose sizes are read, and whose contents are read.
    private static let sizes = 200_000
    private static let reads = 2000

    /// Compares the images. Finds nothing if sizes are not known without reading.
    public init(train: any Source, test: any Source) {
        guard train.count > 0, train.count <= SharedImages.sizes else { return }
        let buffer = FileBuffer()
        func print(_ source: any Source, _ index: Int) -> Fingerprint? {
            (try? source.read(index, into: buffer)).map { Fingerprint(buffer.bytes) }
        }
        var prints: [Fingerprint: Int] = [:]
        var wanted = Set<Int>()
        let looks = min(SharedImages.looks, test.count)
        for look in 0..<looks {
            let index = look * test.count / looks
            guard let size = test.byteCount(index), let found = print(test, index) else { continue }
            wanted.insert(size)
            prints[found, default: 0] += 1
            looked += 1
        }
        guard !wanted.isEmpty else { return }
        var reads = 0
        for index in 0..<train.count where reads < SharedImages.reads {
            guard let size = train.byteCount(index) else { return }
            guard wanted.contains(size) else { continue }
            reads += 1
            if let found = print(train, index), let count = prints.removeValue(forKey: found) { shared += count }
        }
    }

    /// A one-line note; nil if no image is shared.
    public var note: String? {
        guard shared > 0 else { return nil }
        let which = shared == looked ? "all" : grouped(shared) + " of"
        return
            "\(which) \(counted(looked, "test image")) that were compared \(shared == 1 ? "is" : "are") also among the "
            + "training images, so scores measure what the network remembers"
    }
}
