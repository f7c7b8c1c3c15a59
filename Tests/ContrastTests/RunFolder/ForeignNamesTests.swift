import Testing
import Torch

@testable import Contrast
@testable import Views

/// What other libraries call our settings leads to settings that there are.
@Suite("Names of other libraries")
struct ForeignNamesTests {
    @Test func everyPathIsASetting() throws {
        var experiment = Experiment()
        let simclr = try ConfigurationWriter.tree(experiment)
        experiment.method = Selected(MoCo())
        let moco = try ConfigurationWriter.tree(experiment)
        for (name, foreign) in foreignNames {
            guard case .setting(let path)? = foreign.elsewhere else { continue }
            #expect(exists(path, in: path.hasPrefix("method.moco") ? moco : simclr), "\(name): \(path)")
        }
    }

    @Test func everyComponentIsOne() {
        let names = Set(
            Augmentations.registry.names + EncoderFamily.registry.names + LossFamily.registry.names
                + OptimizerFamily.registry.names + ScheduleFamily.registry.names + HeadFamily.registry.names + ["p"])
        for (name, foreign) in foreignNames where foreign.elsewhere == nil {
            #expect(foreign.names.allSatisfy(names.contains), "\(name): \(foreign.names)")
        }
    }

    @Test(arguments: [
        ("lr: 0.1", "x.yaml: lr: is not a setting; did you mean training.optimizer.sgd.lr? valid are views"),
        ("training: {lr: 0.1}", "x.yaml: training.lr: is not a setting; did you mean training.optimizer.sgd.lr?"),
        (
            "training: {optimizer: {sgd: {learning_rate: 0.1}}}",
            "x.yaml: training.optimizer.sgd.learning_rate: is not a setting; did you mean lr? valid are lr, momentum"
        ),
        ("training: {optimizer: Adam}", "x.yaml: training.optimizer: Adam is not an optimizer; did you mean adamw?"),
        ("encoder: ResNet18", "x.yaml: encoder: ResNet18 is not an encoder; did you mean resnet18?"),
        (
            "encoder: vit_small_patch16_224",
            "x.yaml: encoder: vit_small_patch16_224 is not an encoder; did you mean vit?"
        ),
        (
            "method: {simclr: {temperature: 1}}",
            "x.yaml: method.simclr.temperature: is not a setting; did you mean method"
        ),
        (
            "method: {simclr: {loss: NTXentLoss}}",
            "x.yaml: method.simclr.loss: NTXentLoss is not a loss; did you mean nt_xent?"
        ),
        (
            "method: {simclr: {loss: InfoNCE}}",
            "x.yaml: method.simclr.loss: InfoNCE is not a loss; did you mean info_nce?"
        ),
        (
            "views: {branches: [{size: 8, steps: [{RandomResizedCrop: {size: 8}}]}]}",
            "x.yaml: views.branches[0].steps[0]: RandomResizedCrop is not an augmentation; did you mean resized_crop?"
        ),
    ])
    func aWrongNameLeadsToTheRightOne(text: String, line: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationReader(file: "x.yaml", text: text).read(Experiment.self)
        }
        #expect(error?.description.hasPrefix(line) == true, "\(error as Any)")
    }

    @Test func anotherOptimizerIsSetWithoutTheFile() throws {
        let text = "training: {optimizer: {sgd: {lr: 0.1}}}"
        let reader = try ConfigurationReader(
            file: "x", text: text, overrides: ["training.optimizer.lars.lr=0.3", "training.optimizer.lars.trust=0.01"])
        let lars = try #require(
            try reader.read(Experiment.self).training.optimizer.component as? LARSConfiguration)
        #expect(lars.lr == 0.3 && lars.trust == 0.01 && lars.momentum == LARSConfiguration().momentum)
    }

    private func exists(_ path: String, in tree: ConfigurationTree) -> Bool {
        var tree = tree
        for part in path.replacing("[0]", with: ".0").split(separator: ".") {
            if part == "0", case .sequence(let items) = tree, let first = items.first {
                tree = first
            } else if let next = tree[String(part)] {
                tree = next
            } else {
                return false
            }
        }
        return true
    }
}
