import Testing

/// Labels as people have them: missing, repeated, sparse, other ones on the other side.
@Suite("Journeys through labels")
struct LabelJourneys {
    private static let train = "diptych train photos --pipeline tiny.yaml --output run"
    /// The labels of a .npy file of so many rows, with how often each is there, as in `6 0,6 1,`.
    private static func counts(_ file: String, _ rows: Int) -> String {
        "tail -c $((8*\(rows))) \(file) | od -An -t d8 -v -w8 | sort -n | uniq -c | awk '{printf \"%s %s,\", $1, $2}'"
    }

    static let scores: [Journey] = [
        Journey(
            "ImageNet as downloaded", train,
            says: "kNN during training has no test image that can be scored: 5 test images without a label",
            "the run continues without it", "encoder.safetensors"),
        Journey(
            "ImageNet as downloaded", "\(train) && diptych probe run photos", exit: 3,
            says: "diptych: the probe has no test image that can be scored: 5 test images without a label"),
        Journey(
            "ImageNet as downloaded", "\(train) && diptych probe run photos/train --test photos/val", exit: 3,
            says: "5 test images without a label"),
        Journey(
            "two classes",
            "\(train) && printf 'photos/cat/0.png,a cat\\n' >c.csv && diptych probe run photos --test c.csv", exit: 3,
            says: "1 test image without a label"),
        Journey(
            "shards without some labels", "\(train) && diptych probe run photos",
            says: "kNN during training skips", "  kNN ", "linear probe", "skipped   ", "without a label",
            never: ["scatter_add", "one_hot"]),
        Journey(
            "two classes of one name",
            "\(train) && diptych probe run photos && grep -c '\"name\" : \"crane\"' run/probe.json",
            says: "2 classes", "linear probe", "\n2\n"),
        Journey(
            "two classes of one name", "\(train) && diptych probe run photos && diptych report run --images photos",
            says: "run/report.html"),
        Journey(
            "classes that look alike", "\(train) && diptych probe run photos",
            says: "2 classes", "6 test images, 12 training images"),
        Journey(
            "another class in test", "\(train) && diptych probe run photos --control",
            says: "3 test images, 12 training images",
            "skipped   3 test images of 1 class that training lacks (plane), 1 class without a test image (dog)",
            "100.0% (always the largest class that test images have)"),
        Journey(
            "many classes",
            "\(train) --set training.epochs=1 --set training.batch_size=128 && diptych probe run photos"
                + " && grep confusion run/probe.json && test $(stat -c %s run/probe.json) -lt 1000000",
            says: "1100 classes", "left out: there are 1100 classes, more than 1000"),
        Journey(
            "two classes", "\(train) && diptych probe run photos --output /dev/null/scores.json", exit: 1,
            says: "the scores will only be printed, --output FILE writes them elsewhere", "linear probe", "chance",
            "the scores are not saved"),
    ]

    static let learning: [Journey] = [
        Journey(
            "shards without some labels", "\(train) --set method=supervised",
            says: "method.supervised: 3 of 19 images have no label; they are skipped"),
        Journey(
            "shards without some labels", "\(train) --set 'method={simclr: {loss: sup_con}}'",
            says: "images have no label; only their own views are their positives"),
    ]

    static let features: [Journey] = [
        Journey(
            "train and test",
            "\(train) && diptych embed run photos --output out/features.npy && \(counts("out/labels.npy", 18))"
                + " && uniq -c out/sides.txt && cat out/classes.txt && head -1 out/paths.txt",
            says: "out/features.npy: 18 x", "9 0,9 1,", "12 train", "6 test", "cat\ndog\n", "train/cat/0.png"),
        Journey(
            "train and test",
            "\(train) && for side in train test; do diptych embed run photos --side $side --output out/$side.npy; done"
                + " && ls out && \(counts("out/test.labels.npy", 6)) && \(counts("out/train.labels.npy", 12))"
                + " && head -1 out/test.paths.txt",
            says: "test.classes.txt\ntest.labels.npy\ntest.npy\ntest.paths.txt\ntrain.classes.txt", "3 0,3 1,",
            "6 0,6 1,",
            "test/cat/0.png", never: ["sides.txt"]),
        Journey(
            "two classes",
            "\(train) && mkdir -p other/ant other/dog && cp photos/cat/*.png other/ant && cp photos/dog/*.png other/dog"
                + " && diptych embed run other --output o.npy && \(counts("o.labels.npy", 12)) && cat o.classes.txt",
            says: "note: 1 class not in the training images has the labels from 2 on: ant", "6 1,6 2,",
            "cat\ndog\nant\n"),
        Journey(
            "two classes",
            "\(train) && mkdir w && mv run/encoder.safetensors w && diptych embed w/encoder.safetensors photos"
                + " --output o.npy && \(counts("o.labels.npy", 12))",
            says: "the encoder has no classes.txt beside it", "6 0,6 1,"),
        Journey(
            "shards without some labels",
            "\(train) && diptych embed run photos --output a.npy && diptych embed run photos --output b.npy"
                + " && \(counts("a.labels.npy", 24)) && diptych diagnose --views a.npy b.npy --labels a.labels.npy",
            says: "4 -1,10 0,10 1,", "20 pairs have a class; measurements of classes skip the other 4"),
    ]

    @Test(arguments: scores) func score(_ journey: Journey) throws { try journey.check() }
    @Test(arguments: learning) func learn(_ journey: Journey) throws { try journey.check() }
    @Test(arguments: features) func embed(_ journey: Journey) throws { try journey.check() }
}
