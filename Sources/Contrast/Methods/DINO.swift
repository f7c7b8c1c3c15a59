import Torch
import Views

/// DINO: Caron et al. 2021, arXiv 2104.14294, algorithm 1. A student predicts a momentum teacher's distribution over
/// prototypes for another view.
///
/// With the cosines g of embeddings and K prototypes, the mean over pairs of a teacher view t and a student view
/// `s != t` of the cross entropy of `softmax(g_s / tau_s)` with `softmax((g_t - c) / tau_t)`. The centre c is a moving
/// average of the teacher's mean cosines over the batch. Teacher views are those of the first branch, or the first two
/// views if it has one. If all rows are equal it is log K as soon as c has followed them.
public struct DINO: Method {
    /// `dino`.
    public static let name = "dino"

    /// The head that follows the encoder in training, up to the bottleneck before the prototypes.
    public var head: Selected<HeadFamily>
    /// K, the number of prototypes. The paper uses 65,536 for ImageNet.
    public var prototypes = 4096
    /// tau_s, which divides the student's cosines.
    public var studentTemperature = 0.1
    /// tau_t, which divides the teacher's cosines. The paper warms it up to 0.07.
    public var teacherTemperature: ScheduledValue = 0.04
    /// The momentum of the teacher, 0...1.
    public var momentum = ScheduledValue(from: 0.996, to: 1)
    /// The momentum of the centre, 0...1; 1 leaves it at 0, which collapses.
    public var centerMomentum = 0.9
    /// The epochs in which the prototypes keep their directions.
    public var frozenEpochs = 1.0

    /// The paper's settings, with fewer prototypes.
    public init() {
        var mlp = MLPHead(layers: 3, hidden: 2048, output: 256)
        (mlp.batchNorm, mlp.activation) = (false, .gelu)
        head = Selected(mlp)
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("prototypes", prototypes, in: 2...1_000_000)
        try requireTemperature(ScheduledValue(studentTemperature), key: "student_temperature")
        try requireTemperature(teacherTemperature, key: "teacher_temperature")
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        try require("center_momentum", centerMomentum, in: 0...1)
        try require("frozen_epochs", frozenEpochs, in: 0...1e6)
    }

    /// The teacher's centre and its low temperature.
    public var prevention: CollapsePrevention? {
        let tau = teacherTemperature.from
        return CollapsePrevention(
            method: DINO.name,
            cause: centerMomentum == 1
                ? "center_momentum is 1, so the centre stays at 0 and one prototype may take all images."
                : "The centre and a teacher's temperature of \(tau) have not kept the images apart.",
            remedy: [
                "method: {dino: {center_momentum: 0.9}}   # the centre against one prototype for all images",
                "method: {dino: {teacher_temperature: \(min(tau, 0.04))}}   # a low one against equal prototypes",
            ],
            paper: "Caron et al. 2021, arXiv 2104.14294, figure 7", judged: [.prototypes, .targets])
    }

    /// Builds student and teacher.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try DINOModel(self, encoder: encoder, data: data, generator: generator)
    }
}

/// A student and its teacher trained by DINO.
final class DINOModel: ContrastiveModel {
    let projector: Projector
    let prototypes: Prototypes
    let momentum: MomentumNetwork
    let teacherPrototypes: Prototypes
    /// c, `[1, K]`.
    let center: Buffer
    let counter: StepCounter
    private let followed: FollowedParameters
    private let settings: DINO

    init(
        _ settings: DINO, encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        prototypes = try Prototypes(
            count: settings.prototypes, dimension: projector.dimension, generator: generator)
        momentum = try MomentumNetwork(of: projector)
        teacherPrototypes = try prototypes.frozenCopy()
        followed = try FollowedParameters(of: teacherPrototypes, leader: prototypes)
        center = Buffer(try .zeros([1, settings.prototypes]))
        counter = try StepCounter(data)
        self.settings = settings
    }

    var companions: [(name: String, module: any Module)] {
        [(RunFolder.prototypesName, DINOTargets(prototypes: teacherPrototypes, center: center))]
    }

    func assignments(of embeddings: Tensor, at progress: Double) throws(TorchError) -> Tensor? {
        try withoutGradients { () throws(TorchError) in
            try targets(teacherPrototypes(embeddings), at: progress)
        }
    }

    /// The teacher's distributions from its cosines.
    private func targets(_ cosines: Tensor, at progress: Double) throws(TorchError) -> Tensor {
        try ((cosines - center.value) / settings.teacherTemperature.value(at: progress)).softmax(dim: 1)
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let own = settings.momentum.value(at: batch.progress)
        try momentum.follow(momentum: own)
        try followed.follow(momentum: own)
        let frozen = counter.isBefore(epochs: settings.frozenEpochs, step: try counter.next())
        let students = try batch.gather(batch.embed(by: projector))
        let teachers = try batch.gather(momentum.keys(of: batch, viewByView: false, limit: batch.targetViews))
        let targets = try withoutGradients { () throws(TorchError) in
            try teachers.prefix(batch.targetViews).map { (view) throws(TorchError) in try teacherPrototypes(view) }
        }
        var predictions: [Tensor] = []
        for view in students {
            predictions.append(
                try (prototypes(view, frozen: frozen) / settings.studentTemperature).logSoftmax(dim: 1))
        }
        var mean = MeanLoss()
        for (target, cosines) in targets.enumerated() {
            let wanted = try self.targets(cosines, at: batch.progress)
            for (view, prediction) in predictions.enumerated() where view != target {
                mean.add(try -(wanted * prediction).sum(dim: 1).mean())
            }
        }
        let batchCenter = try Tensor.mean(of: targets).mean(dim: 0, keepdim: true)
        let share = settings.centerMomentum
        try center.value.copy(from: center.value * share + batchCenter * (1 - share))
        return try mean.objective(candidates: nil, embeddings: (students[0].detach(), teachers[1].detach()))
    }
}

/// What the teacher's targets are made of beside its embeddings, as a run folder keeps it.
private final class DINOTargets: Module {
    let prototypes: Prototypes
    let center: Buffer

    init(prototypes: Prototypes, center: Buffer) { (self.prototypes, self.center) = (prototypes, center) }
}
