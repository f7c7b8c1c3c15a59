import Testing

/// Pipelines, settings and what is said of wrong ones.
@Suite("Journeys through settings")
struct SettingJourneys {
    /// A pipeline of so many lines, at `p.yaml`; then a command.
    private static func file(_ lines: String, then command: String) -> String {
        "printf '\(lines)' > p.yaml && \(command)"
    }

    static let table: [Journey] = [
        Journey(
            "two classes", file("views: {branches: [{size: 8, steps: [RandomResizedCrop]}]}", then: views),
            exit: 2, says: "RandomResizedCrop is not an augmentation; did you mean resized_crop? valid are"),
        Journey(
            "two classes", file("views: {branches: [{size: 8, steps: [horizontal_flip]}]}", then: views), exit: 2,
            says: "resize: {size: [8, 8]}"),
        Journey(
            "two classes", file("views: {branches: [{size: 8, steps: [resize: {size: [8, 8]}]}]}", then: views),
            says: "12 images"),
        // Each command reads the whole file, whatever it needs of it.
        Journey(
            "two classes", file("training: {lr: 1}", then: views), exit: 2,
            says: "p.yaml: training.lr: is not a setting; did you mean training.optimizer.sgd.lr?"),
        Journey(
            "two classes", file("method: {simclr: {temprature: 1}}", then: views), exit: 2,
            says: "p.yaml: method.simclr.temprature: is not a setting"),
        Journey(
            "two classes", file("trainig: {epochs: 1}", then: "diptych bench photos --pipeline p.yaml --seconds 0.1"),
            exit: 2, says: "p.yaml: trainig: is not a setting; did you mean training?"),
        Journey(
            "two classes", "diptych bench photos --pipeline tiny.yaml --order --batch 4 --set training.epoch=1",
            exit: 2,
            says: "--set: training.epoch: is not a setting; did you mean epochs?"),
        Journey(
            "two classes", "diptych views photos --output v.png --set num_workers=4", exit: 2,
            says: "num_workers: is not a setting; threads are an argument, --threads N"),
        Journey("two classes", "diptych views photos --pipeline tiny.yaml --output v.png", says: "12 images"),
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output run --set training.optimizer.lars.lr=0.3 "
                + "&& grep -A1 lars run/config.yaml", says: "lr: 0.3"),
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --set 'views.normalize.mean=[123.675, 116.28, 103.53]'",
            exit: 2, says: "views.normalize.mean: 123.675 is of pixel values in 0...255", "did you mean 0.485?"),
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output run --set training.batch_size=64 --set training.epochs=1",
            says: "all are one batch, so that an epoch is one step"),
        Journey("two classes", "diptych train photos --pipeline .", exit: 2, says: ".: is a folder, not a YAML file"),
        Journey(
            "two classes", "diptych train photos --pipeline tiy.yaml", exit: 2,
            says: "tiy.yaml: no such file or directory; did you mean tiny.yaml?"),
        Journey("two classes", ": > p.yaml; diptych train photos --pipeline p.yaml", exit: 2, says: "p.yaml: is empty"),
        Journey(
            "two classes", file("views:\\n\\tbranches: []\\n", then: views), exit: 2,
            says: "p.yaml: line 2: is indented by a tab; YAML takes spaces"),
        Journey(
            "two classes", file("training: [1]", then: views), exit: 2,
            says: "p.yaml: training: must be a mapping of settings, as in {epochs: ...}, is a list"),
        // Presets, and files with a base.
        Journey(
            "two classes",
            "diptych views photos --pipeline simclr-32 --output v.png && diptych pipelines | grep simclr-32",
            says: "12 images", "SimCLR on small images"),
        Journey(
            "two classes",
            "echo 'views: {trunk: 1}' > simclr-32 && diptych views photos --pipeline ./simclr-32 --output v.png",
            exit: 2, says: "./simclr-32: views.trunk: "),
        Journey(
            "two classes", "diptych views photos --pipeline simclr32 --output v.png", exit: 2,
            says: "simclr32: no such file or directory; did you mean simclr-32?"),
        Journey(
            "two classes",
            file(
                "base: tiny.yaml\\ntraining: {epochs: 1}",
                then:
                    "diptych train photos --pipeline p.yaml --output run && grep -E 'width|epochs|batch_size' run/config.yaml"
            ),
            says: "width: 2", "epochs: 1", "batch_size: 4"),
        Journey(
            "two classes", file("base: q.yaml", then: "printf 'base: p.yaml' > q.yaml && \(views)"), exit: 2,
            says: "q.yaml: base: goes in a circle: p.yaml, q.yaml, p.yaml"),
        Journey(
            "two classes", file("base: no.yaml", then: views), exit: 2, says: "p.yaml: base: no.yaml: no such file"),
        Journey(
            "two classes", file("base: photos", then: views), exit: 2,
            says: "p.yaml: base: photos: is a folder, not a YAML file"),
        Journey(
            "two classes", "diptych views photos --pipeline tiny.yaml --output v.png --set 'views.branches[1].size=96'",
            exit: 2, says: "--set: views.branches[1]: there are 1 elements, from 0"),
        // Narrower than a vector of the processor, and more threads than it has cores.
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output run --threads 7 --set 'encoder={resnet18: {width: 3}}' "
                + "--set views.branches[0].size=48 --set training.epochs=1", says: "epoch 1"),
    ]

    private static let views = "diptych views photos --pipeline p.yaml --output v.png"

    @Test(arguments: table) func journey(_ journey: Journey) throws { try journey.check() }
}
