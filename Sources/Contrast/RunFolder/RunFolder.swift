import Files
import Foundation

/// The folder of a run, and the names of the files in it.
public struct RunFolder: Sendable {
    /// The folder's path.
    public let path: String
    /// Whether this process writes to it; only one of several ranks does.
    public let isWritten: Bool
    /// Whether the run writes images to it; false if it lies among the run's images, which it would add to.
    public var hasPictures = true

    static let textName = "text.safetensors"
    static let criticName = "critic.safetensors"
    static let prototypesName = "prototypes.safetensors"

    /// Names a folder; creates and reads nothing.
    public init(_ path: String, isWritten: Bool = true) {
        self.isWritten = isWritten
        // Trailing slashes would double in messages.
        var end = path.utf8[...]
        while end.count > 1, end.last == UInt8(ascii: "/") { end.removeLast() }
        self.path = String(decoding: end, as: UTF8.self)
    }

    /// The resolved configuration, with every setting.
    public var configuration: String { "\(path)/config.yaml" }
    /// Steps and epochs, one JSON object per line.
    public var metrics: String { "\(path)/metrics.jsonl" }
    /// The newest checkpoint.
    public var checkpoint: String { "\(path)/checkpoints/last.ckpt" }
    /// The folder of the checkpoints.
    var checkpoints: String { "\(path)/checkpoints" }
    /// The state after an epoch, counted from 1, if `training.keep` keeps more than the last one.
    public func checkpoint(epoch: Int) -> String {
        let digits = "\(epoch)"
        return "\(checkpoints)/epoch-\(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits).ckpt"
    }
    /// The checkpoint with the best kNN score on held-out images, if it is kept.
    public var bestCheckpoint: String { "\(checkpoints)/best.ckpt" }
    /// The encoder's weights in that checkpoint.
    public var bestEncoder: String { "\(path)/encoder-best.safetensors" }
    /// The weights of the encoder's moving average, if one is kept.
    public var averageEncoder: String { "\(path)/encoder-ema.safetensors" }
    /// Batches whose loss or gradient was not finite.
    public var nonfinite: String { "\(path)/nonfinite.jsonl" }
    /// The lock of the process that trains here.
    public var lock: String { "\(path)/.lock" }
    /// The encoder's weights under torchvision's keys.
    public var encoder: String { "\(path)/encoder.safetensors" }
    /// The encoder's architecture and the preprocessing of its input.
    public var encoderDescription: String { "\(path)/encoder.json" }
    /// The projection head's weights.
    public var head: String { "\(path)/head.safetensors" }
    /// The encoder and the classifier that a supervised method trained, under torchvision's keys.
    public var classifier: String { "\(path)/classifier.safetensors" }
    /// The classifier's scores on test images.
    public var finetune: String { "\(path)/finetune.json" }
    /// The critic's weights, if it has any.
    public var critic: String { "\(path)/\(RunFolder.criticName)" }
    /// The prototypes of SwAV and DINO, and DINO's centre.
    public var prototypes: String { "\(path)/\(RunFolder.prototypesName)" }
    /// The text tower's weights under CLIP's keys, if there is one.
    public var text: String { "\(path)/\(RunFolder.textName)" }
    /// The text tower's vocabulary, in the format of CLIP's file.
    public var vocabulary: String { "\(path)/vocabulary.txt" }
    /// The scores of the probe and their protocol.
    public var probe: String { "\(path)/probe.json" }
    /// The scores of a checkpoint that was probed by its name.
    public func probe(of checkpoint: String) -> String {
        let name = checkpoint.split(separator: "/").last ?? ""
        return "\(path)/probe-\(name.split(separator: ".").first ?? "").json"
    }
    /// The scores of zero-shot classification.
    public var zeroShot: String { "\(path)/zero-shot.json" }
    /// The images that were skipped, with reasons.
    public var quarantine: String { "\(path)/quarantine.jsonl" }
    /// The names of the classes in the order of the labels, one per line, if there are classes.
    public var classes: String { "\(path)/classes.txt" }
    /// View pairs as the trainer saw them.
    public var views: String { "\(path)/views.png" }

    /// The names of the images, see `ImageList`.
    public var imageList: String { "\(path)/images.tsv" }

    /// Whether a run has begun here.
    public var exists: Bool { StoredFile.exists(configuration) }

    /// Makes the folder, locks it against other processes for the life of the lock, and removes temporary files of killed
    /// ones.
    /// - Throws: `FileError` if another process trains here.
    func acquire(resumes: Bool) throws(FileError) -> FileLock {
        try Folder.create(at: path)
        let lock = try FileLock(lock, of: path)
        for place in [path, checkpoints] { AtomicFile.sweep(place) }
        // A run that was killed before its first checkpoint begins its list again.
        if !resumes { StoredFile.remove(quarantine) }
        return lock
    }

    /// The epoch in the name of a checkpoint.
    static func epoch(of name: String) -> Int? {
        guard name.hasPrefix("epoch-"), name.hasSuffix(".ckpt"), name.count < 24 else { return nil }
        return Int(name.dropFirst(6).dropLast(5))
    }
}
