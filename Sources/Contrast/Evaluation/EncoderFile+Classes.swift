import Files
import Views

extension EncoderFile {
    /// The names of the run's classes, from `classes.txt` beside the weights or in the run folder of a checkpoint; nil
    /// without that file.
    public var classes: [String]? { ClassNames.read((folder ?? RunFolder(SystemPath.folder(of: path))).classes) }
}
