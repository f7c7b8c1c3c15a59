import Torch
import Views

/// A training method: settings from which an encoder, the model around it and its objective are built.
public protocol Method: Component {
    /// What it needs of a run.
    var requirements: MethodRequirements { get }

    /// What keeps embeddings apart without negatives; nil where negatives or classes do.
    var prevention: CollapsePrevention? { get }

    /// Checks the settings against the data and the processes of a run.
    func validate(_ data: TrainingData) throws(InvalidSetting)

    /// Builds the encoder and the model around it.
    /// - Parameters:
    ///   - encoder: the encoder's settings.
    ///   - data: of the run; `.none` to evaluate.
    ///   - generator: draws weights in a fixed order.
    func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel
}

/// A method that learns from captions.
public protocol CaptionedMethod: Method {
    /// The captioned images of a source, and the tokens of their captions.
    /// - Parameters:
    ///   - source: the images and their captions.
    ///   - folder: the run's; it gets what is needed to read captions later.
    ///   - resumes: whether the run is resumed, so that the folder already has that.
    /// - Throws: `InvalidSetting` if captions are missing or do not fit; `TrainingError`, `FileError`.
    func captioned(_ source: any Source, folder: RunFolder, resumes: Bool) throws -> CaptionedImages
}

/// What a method needs of a run.
public struct MethodRequirements: Equatable, Sendable {
    /// The least number of views of an image.
    public var views = 2
    /// Whether it contrasts pairs of views, which a diagnosis measures.
    public var pairs = true
    /// Whether it learns from captions.
    public var captions = false
    /// How it uses the classes of images.
    public var labels = LabelUse.none
    /// Whether its weights have a row for each image, so that a run cannot continue with other images.
    public var rowsOfImages = false
    /// Whether it can learn from views that are mixed with each other.
    public var mixes = false
}

/// The data and processes of a run, as far as methods and losses depend on them.
public struct TrainingData: Equatable, Sendable {
    /// The images of a batch.
    public var pairs = 1
    /// The images of the data set.
    public var images = 1
    /// The classes of the images; 0 without labels.
    public var classes = 0
    /// The processes that train together.
    public var ranks = 1
    /// The run's seed.
    public var seed: UInt64 = 0

    /// No training data, for a model that is only evaluated.
    public static let none = TrainingData()
}

extension Method {
    /// Two views, which form pairs.
    public var requirements: MethodRequirements { MethodRequirements() }

    /// Negatives or classes keep embeddings apart.
    public var prevention: CollapsePrevention? { nil }

    /// Accepts all data.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {}

    /// Builds a model that is only evaluated.
    public func build(
        encoder: any EncoderSettings, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel { try build(encoder: encoder, data: .none, generator: generator) }
}

/// The methods that a pipeline file can name.
public enum MethodFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any Method>(
        kind: "a method",
        [
            SimCLR.self, MoCo.self, MoCoV3.self, BYOL.self, SimSiam.self, BarlowTwins.self, VICReg.self, NNCLR.self,
            SwAV.self, DINO.self, LeJEPA.self, EMPSSL.self, InstanceDiscrimination.self, CLIP.self, Supervised.self,
        ])
}

extension InvalidSetting {
    /// The same setting of a component that lies under `path`.
    func inside(_ path: String) -> InvalidSetting { InvalidSetting(key.isEmpty ? path : "\(path).\(key)", reason) }
}
