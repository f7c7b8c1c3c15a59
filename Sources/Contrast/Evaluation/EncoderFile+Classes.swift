import Foundation
import Views

extension EncoderFile {
    /// The classes that the run's labels are indices of, as `classes.txt` beside the weights, or in the run folder of a checkpoint,
    /// has them; nil where there is none.
    public var classes: [String]? {
        var folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        if folder.lastPathComponent == "checkpoints" { folder.deleteLastPathComponent() }
        return ClassNames.read(RunFolder(folder.path).classes)
    }
}
