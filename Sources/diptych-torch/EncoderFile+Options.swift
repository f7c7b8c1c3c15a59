import Commands
import Contrast
import Views

extension EncoderFile {
    /// Opens what the options name.
    init(_ path: String, _ options: WeightOptions) throws { try self.init(path, use: try WeightsUse(options)) }
}

extension WeightsUse {
    /// The use that the options ask for.
    init(_ options: WeightOptions) throws {
        try self.init()
        var settings = options.settings
        if let encoder = options.encoder { settings.overrides.append("encoder=\(encoder)") }
        let reader =
            settings.pipeline != nil
            ? try settings.reader()
            : try ConfigurationReader(file: "defaults", text: WeightsUse.imagenet, overrides: settings.overrides)
        experiment = try reader.read(Experiment.self)
        namesEncoder = reader.sections.contains("encoder")
        namesNormalization =
            settings.pipeline != nil || settings.overrides.contains { $0.hasPrefix("views.normalize") }
        prefix = options.weightsPrefix
    }
}
