import Testing

@testable import Views

@Suite("What was meant by a name")
struct AdviceTests {
    static let steps = Augmentations.registry.names
    static let top = ["views", "encoder", "method", "training", "evaluation"]
    static let training = ["epochs", "batch_size", "chunk", "precision", "seed", "optimizer", "schedule", "log_every"]

    @Test(arguments: [
        ("RandomResizedCrop", "resized_crop"), ("ColorJitter", "color_jitter"), ("colour_jitter", "color_jitter"),
        ("RandomHorizontalFlip", "horizontal_flip"), ("HorizontalFlip", "horizontal_flip"),
        ("RandomVerticalFlip", "vertical_flip"), ("RandomGrayscale", "grayscale"), ("ToGray", "grayscale"),
        ("GaussianBlur", "gaussian_blur"), ("RandomGaussianBlur", "gaussian_blur"), ("RandomSolarize", "solarize"),
        ("Normalize", "views.normalize"), ("A.Normalize", "views.normalize"), ("RandomApply", "apply"),
        ("OneOf", "one_of"), ("RandomChoice", "one_of"), ("RandomOrder", "random_order"),
        ("ImageCompression", "jpeg_compression"), ("RandAugment", "rand_augment"),
        ("TrivialAugmentWide", "rand_augment"), ("TrivialAugment", "rand_augment"), ("RandomErasing", "random_erasing"),
        ("CoarseDropout", "cutout"), ("RandomRotation", "rotation"), ("ShiftScaleRotate", "affine"),
        ("torchvision.transforms.RandomResizedCrop", "resized_crop"), ("ElasticTransform", "elastic"),
        ("RandomAutocontrast", "autocontrast"), ("RandomAdjustSharpness", "sharpness"), ("CenterCrop", "center_crop"),
        ("GaussNoise", "gaussian_noise"), ("RandomPerspective", "perspective"), ("MixUp", "views.mix"),
        ("horizontl_flip", "horizontal_flip"),
    ])
    func stepsOfOtherLibraries(name: String, meant: String) {
        #expect(advice(for: name, among: Self.steps).hasPrefix("did you mean \(meant)? valid are resized_crop, "))
    }

    @Test(arguments: [
        ("lr", "training.optimizer.sgd.lr"), ("learning_rate", "training.optimizer.sgd.lr"),
        ("batch_size", "training.batch_size"), ("batchSize", "training.batch_size"),
        ("weight_decay", "training.optimizer.sgd.weight_decay"), ("momentum", "training.optimizer.sgd.momentum"),
        ("temperature", "method.simclr.loss.nt_xent.temperature"), ("max_epochs", "training.epochs"),
        ("proj_dim", "method.simclr.head.mlp.output"), ("backbone", "encoder"), ("arch", "encoder"),
        ("optimizer", "training.optimizer"), ("image_size", "views.branches[0].size"),
        ("transforms", "views.branches[0].steps"), ("traning", "training"), ("Training", "training"),
    ])
    func settingsAtTheTop(name: String, meant: String) {
        #expect(
            advice(for: name, among: Self.top)
                == "did you mean \(meant)? valid are views, encoder, method, training, evaluation")
    }

    @Test(arguments: [
        ("batchsize", "batch_size"), ("batch-size", "batch_size"), ("Batch_Size", "batch_size"),
        ("bach_size", "batch_size"), ("num_epochs", "epochs"), ("epoch", "epochs"), ("optim", "optimizer"),
        ("scheduler", "schedule"), ("lr", "training.optimizer.sgd.lr"), ("amp", "precision"),
    ])
    func settingsInside(name: String, meant: String) {
        #expect(advice(for: name, among: Self.training).hasPrefix("did you mean \(meant)? valid are epochs, "))
    }

    @Test func whatIsNoSettingIsSaidInWords() {
        #expect(
            advice(for: "num_workers", among: Self.top).hasPrefix("threads are an argument, --threads N; valid are"))
        #expect(advice(for: "ToTensor", among: Self.steps).hasPrefix("views become tensors without a step"))
        #expect(advice(for: "Compose", among: Self.steps).hasPrefix("steps is the list itself"))
        #expect(advice(for: "device", among: Self.training).hasPrefix("the device is an argument"))
    }

    @Test func namesOfThisFileHaveNoOtherMeaning() {
        #expect(advice(for: "crops", among: ["global", "local"], areOwn: true) == "valid are global, local")
        #expect(advice(for: "globl", among: ["global", "local"], areOwn: true).hasPrefix("did you mean global?"))
        #expect(advice(for: "x", among: []) == "there are none")
        #expect(advice(for: "", among: ["a"]) == "valid are a")
        #expect(advice(for: "...", among: ["a"]) == "valid are a")
    }
}
