import Commands
import Contrast
import Views

extension EncoderFile {
    /// Opens the encoder that the options name.
    init(_ path: String, _ options: WeightOptions) throws { try self.init(path, use: try WeightsUse(options)) }
}

extension WeightOptions {
    /// Throws if the options apply to none of the opened files, such as for a run, whose own configuration sets them.
    func requireUse(by files: [EncoderFile]) throws {
        guard !files.contains(where: \.isFree), let file = files.first else { return }
        try requireNone(for: file.path)
    }

    /// Throws if any of the options is given, for a file with its own configuration.
    func requireNone(for path: String) throws {
        let isGiven = encoder != nil || weightsPrefix != nil || settings.pipeline != nil || !settings.overrides.isEmpty
        guard isGiven else { return }
        throw Failure(
            .unusable,
            "--encoder, --weights-prefix, --pipeline and --set are for weights from elsewhere; "
                + "\(path) has its own configuration")
    }
}

extension WeightsUse {
    /// The use of the weights that the options request.
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
