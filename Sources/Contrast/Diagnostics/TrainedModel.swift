import Files
import Torch
import Views

/// A run's networks as its loss saw them: the encoder, the head, and the critic if it has weights.
struct TrainedModel {
    /// The encoder and the run's settings.
    let file: EncoderFile
    let folder: RunFolder
    let pipeline: ViewPipeline
    let model: any ContrastiveModel
    /// What the user should know of what is missing.
    private(set) var notes: [String] = []
    private var hasPrototypes = false

    /// Opens a run folder or a checkpoint, and moves its networks to a machine.
    /// - Throws: `TrainingError` if the run makes one view of an image or lacks a file; `SafetensorsError`, `TorchError`.
    init(_ path: String, use: WeightsUse? = nil, machine: Machine) throws {
        file = try EncoderFile(path, use: use)
        folder = file.folder ?? RunFolder(path)
        let experiment = file.experiment
        pipeline = try ViewPipeline(experiment.views)
        guard pipeline.viewCount >= 2 else {
            throw TrainingError(
                .unusable, "views.branches: \(path) makes one view of an image, and a diagnosis needs two")
        }
        var headless = SimCLR()
        headless.head = Selected(IdentityHead())
        let method: any Method = file.isFree ? headless : experiment.method.component
        model = try method.build(encoder: experiment.encoder.component, generator: Generator(seed: 0))
        let prototypes = model.companions.first { $0.name == RunFolder.prototypesName }?.module
        hasPrototypes = prototypes != nil && (file.isOfCheckpoint || StoredFile.exists(folder.prototypes))
        if prototypes != nil, !hasPrototypes {
            notes.append(
                "\(folder.prototypes): is not there, so the use of prototypes is not judged; name a checkpoint instead")
        }
        try file.load(model) { [model, file, hasPrototypes] folder in
            // Features of weights from elsewhere stand for embeddings.
            guard !file.isFree else { return }
            try TrainedModel.load(model.head, "the head that the loss saw", from: folder.head)
            if let critic = model.critic?.module {
                try TrainedModel.load(critic, "the critic that the loss scored by", from: folder.critic)
            }
            if let prototypes, hasPrototypes {
                try TrainedModel.load(prototypes, "the prototypes", from: folder.prototypes)
            }
        }
        try machine.prepare(file.encoder)
        try machine.prepare(model)
    }

    /// The distributions of embeddings over the prototypes; nil without prototypes.
    func assignments(of embeddings: Tensor) throws(TorchError) -> Tensor? {
        guard hasPrototypes else { return nil }
        return try model.assignments(of: embeddings, at: RunEvidence.progress(of: folder, file.experiment))
    }

    private static func load(_ module: any Module, _ name: String, from path: String) throws {
        guard StoredFile.exists(path) else {
            throw TrainingError(.unusable, "\(path): is not there; a diagnosis needs \(name)")
        }
        let weights = try Safetensors(contentsOf: path)
        do {
            try module.load(stateDict: weights.tensors)
        } catch {
            throw TrainingError(.unusable, "\(path): does not fit the run's configuration: \(error)")
        }
    }
}
