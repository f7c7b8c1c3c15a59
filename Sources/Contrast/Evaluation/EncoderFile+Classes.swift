import Files
import Views

extension EncoderFile {
    /// The classes that the run's labels are indices of, as `classes.txt` beside the weights, or in the run folder of a checkpoint,
    /// has them; nil where there is none.
    public var classes: [String]? { ClassNames.read((folder ?? RunFolder(SystemPath.folder(of: path))).classes) }
}
