import Testing

/// A classifier from a run, and its use; and what cannot become one.
@Suite("Journeys to a classifier")
struct FinetuneJourneys {
    private static let train = "diptych train photos --pipeline tiny.yaml --output run"
    private static let finetune = "diptych finetune run photos --output f --epochs 2 --set training.batch_size=4"

    static let whole: [Journey] = [
        Journey(
            "two larger classes",
            "\(train) && \(finetune) && diptych predict f photos --output p.csv --top 2 && cat p.csv && ls f",
            says: "convnet from run: 4 test images, 16 training images, 2 classes (20% of each class, seed 0)",
            "finetuned top-1 ", "chance    50.0%", "f/finetune.json", "p.csv: 20 images, 2 classes",
            "path,class,probability,class_2,probability_2\ncat/0.png,", "classifier.safetensors"),
        Journey(
            "two larger classes",
            "\(train) && \(finetune) --labels 50% && grep -E '\"(labels|train_images)\"' f/finetune.json",
            says: "learns from 8 images, 50% of each class", "8 training images, 50% of the labels", "\"labels\" : 0.5",
            "\"train_images\" : 8"),
        Journey(
            "train and test",
            "diptych finetune --scratch --encoder '{convnet: {width: 2}}' photos --output f"
                + " --epochs 2 --set views.branches[0].size=8 --set training.batch_size=4",
            says: "convnet from scratch: 6 test images, 12 training images, 2 classes (train/ and test/)"),
        Journey(
            "two larger classes",
            "\(train) && \(finetune) && diptych export f/classifier.safetensors --output c.onnx"
                + " && diptych export f --output e.onnx && diptych embed f photos --output e.npy",
            says: "c.onnx: the same probabilities to ", "e.onnx: the same features to "),
        // What was trained goes on, and is scored again.
        Journey(
            "two larger classes",
            "\(train) && \(finetune) && diptych finetune photos --output f --resume --epochs 3"
                + " && grep '\"epochs\"' f/finetune.json", says: "training.epochs is 3, was 2", "\"epochs\" : 3"),
        // Photos without labels, and bad ones.
        Journey(
            "two larger classes",
            "\(train) && \(finetune) && mkdir new && cp photos/cat/0.png new/a.png && cp photos/dog/0.png 'new/b,c.png'"
                + " && echo x >new/bad.jpg && diptych predict f/classifier.safetensors new --output p.csv && cat p.csv",
            says: "p.csv: 2 images, 1 skipped, 2 classes", "skipped bad.jpg", "path,class,probability\na.png,",
            "\n\"b,c.png\","),
    ]

    static let refused: [Journey] = [
        Journey("flat", "\(train); diptych finetune run photos --output f", exit: 3, says: "needs two class folders"),
        Journey(
            "two classes",
            "\(train) && rm photos/*/[1-9].png && diptych finetune run photos --output f; s=$?; ls f; exit $s", exit: 3,
            says: "photos: the classifier has no test image that can be scored", "No such file"),
        Journey("two classes", "diptych finetune photos --output f", exit: 2, says: "give RUN and IMAGES"),
        Journey(
            "two classes", "diptych finetune absent photos --output f", exit: 2,
            says: "absent: there is no such file or run folder"),
        Journey(
            "two classes", "\(train) && diptych finetune run photos --encoder resnet18 --output f; s=$?; ls f; exit $s",
            exit: 2, says: "tensors of resnet18: it lacks", "No such file"),
        Journey(
            "two classes", "diptych finetune --scratch photos --output f", exit: 2,
            says: "name the network by --encoder"),
        Journey(
            "two classes", "\(train) && diptych finetune photos --output run --resume", exit: 2,
            says: "run: holds a run of method.simclr; diptych train --resume continues it"),
        Journey(
            "two classes", "\(train) && diptych predict run photos --output p.csv", exit: 2,
            says: "run/classifier.safetensors: is not there; diptych finetune writes"),
        Journey(
            "two classes", "\(train) && diptych predict run/encoder.safetensors photos --output p.csv", exit: 2,
            says: "is not a classifier"),
        Journey(
            "two classes", "diptych finetune absent photos --labels 10 --output f", exit: 2, says: "--labels"),
    ]

    @Test(arguments: whole) func classify(_ journey: Journey) throws { try journey.check() }
    @Test(arguments: refused) func refuse(_ journey: Journey) throws { try journey.check() }
}
