import Text
import Torch
import Views

/// What a step needs beside its batch: the checked settings, the images, the networks and their optimiser.
struct TrainingSetup {
    let experiment: Experiment
    let pipeline: ViewPipeline
    let images: any Source
    /// The tokens of the images' captions; nil if the method reads none.
    let captions: CaptionTokens?
    let machine: Machine
    let ranks: Ranks
    let sampler: Sampler
    let model: any ContrastiveModel
    let optimizer: any Optimizer
    /// The moving average of the encoder, which the optimiser follows; nil if the run keeps none.
    let average: AveragedEncoder?

    /// Builds the network with the seed's weights and its optimiser.
    /// - Parameters:
    ///   - pipeline: that of the experiment, checked.
    ///   - selected: the images that the method learns from.
    ///   - weights: what the encoder starts from; random weights where nil.
    /// - Throws: `TrainingError` if the settings do not fit the images or the ranks; `InvalidSetting`, `TorchError`.
    init(
        _ experiment: Experiment, _ pipeline: ViewPipeline, _ selected: SelectedImages, machine: Machine, ranks: Ranks,
        weights: LoadedWeights? = nil
    ) throws {
        (self.experiment, self.pipeline, self.machine, self.ranks) = (experiment, pipeline, machine, ranks)
        (images, captions) = (selected.images, selected.tokens)
        let training = experiment.training
        guard !ranks.isDistributed || training.chunk == nil else {
            throw TrainingError(
                .unusable, "training.chunk: is for one process; with several, each takes its own part of the batch")
        }
        // The last, smaller batch is left out: its loss has another ceiling, its batch norm other noise.
        sampler = try Sampler(of: images, training, ranks)
        let data = TrainingData(
            pairs: min(training.batchSize, images.count), images: images.count, classes: images.classes.count,
            ranks: ranks.size, seed: training.seed)
        try experiment.check(data)
        model = try experiment.method.component.build(
            encoder: experiment.encoder.component, data: data, generator: Generator(seed: training.seed))
        if let weights { try model.start(from: weights) }
        model.projector.freezesNorm = training.encoder?.frozenNorm == true
        try machine.prepare(model, precision: training.precision)
        let plain = try training.optimizer(of: model)
        if let ema = training.ema {
            let kept = try AveragedEncoder(
                of: model.encoder, experiment.encoder.component, momentum: ema.momentum, machine: machine)
            (average, optimizer) = (kept, AveragingOptimizer(plain, kept))
        } else {
            (average, optimizer) = (nil, plain)
        }
    }

    /// The schedules over the run's steps.
    var schedule: RunSchedule { RunSchedule(training: experiment.training, batches: sampler.batches) }

    /// The batches of some epochs, from a batch of the first on.
    /// - Throws: `LoaderError`, `TorchError`.
    func feed(epochs: Range<Int>, from batch: Int = 0, maximumBad: Double) throws -> DeviceFeed {
        try DeviceFeed(
            images, pipeline, sampler, seed: experiment.training.seed, epochs: epochs, from: batch, machine: machine,
            maximumBad: maximumBad)
    }
}
