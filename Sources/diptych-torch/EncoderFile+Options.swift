import Commands
import Contrast
import Views

extension EncoderFile {
    /// Opens what the options name.
    init(_ path: String, _ options: WeightOptions) throws { try self.init(path, use: try WeightsUse(options)) }
}

extension WeightOptions {
    /// Refuses options that none of the opened files has a use for, as a run's own says what they would.
    func requireUse(by files: [EncoderFile]) throws {
        let isGiven = encoder != nil || weightsPrefix != nil || settings.pipeline != nil || !settings.overrides.isEmpty
        guard isGiven, !files.contains(where: \.isFree), let file = files.first else { return }
        throw Failure(
            .unusable,
            "--encoder, --weights-prefix, --pipeline and --set are for weights from elsewhere; \(file.path) says its own"
        )
    }
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
