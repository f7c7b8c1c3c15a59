import Testing

/// Runs that are refused, stopped, extended, moved and gone on with.
@Suite("Journeys back to a run")
struct ResumeJourneys {
    /// A finished run at `run`, and what goes on with it.
    private static let train = "diptych train photos --pipeline tiny.yaml --output run --threads 1"
    private static let resume = "diptych train photos --output run --threads 1 --resume"

    static let table: [Journey] = [
        Journey("two classes", train, says: "run: run\n"),
        Journey(
            "two classes", "\(train) && \(train)", exit: 2, says: "run: already holds a run; continue it with --resume"),
        Journey(
            "two classes", "\(train) && \(resume)",
            says: "run: all 2 epochs are done; --resume --epochs N goes on to more"),
        // More and fewer epochs.
        Journey(
            "two classes", "\(train) && \(resume) --epochs 3 && \(resume) && grep 'epochs: 3' run/config.yaml",
            says:
                "training.epochs is 3, was 2: from here on the schedule is that of a run of 3 epochs, and the learning rate "
        ),
        Journey(
            "two classes", "\(train) && \(resume) --epochs 3 && \(resume) --epochs 2", exit: 2,
            says: "training.epochs: is 2, but 3 epochs are done"),
        Journey(
            "two classes", "\(train) && \(resume) --seed 3", exit: 2,
            says: "training.seed is 3, was 0", "a run goes on with its own settings", never: ["damaged"]),
        // Other images, classes, threads.
        Journey(
            "two classes", "\(train) && rm photos/cat/0.png photos/cat/1.png && \(resume) --epochs 2", exit: 3,
            says: "2 are missing, such as cat/0.png", "--resume --allow-other-images", never: ["damaged", "delete"]),
        Journey(
            "two classes",
            "\(train) && rm photos/cat/0.png && \(resume) --epochs 3 --allow-other-images && \(resume) --epochs 4",
            says: "going on with other images, from epoch 3 on: "),
        Journey(
            "two classes", "\(train) && cp photos/cat/0.png photos/cat/9.png && \(resume) --epochs 2", exit: 3,
            says: "1 is new, such as cat/9.png"),
        Journey(
            "two classes", "\(train) && mv photos/cat photos/cow && \(resume) --epochs 2", exit: 3,
            says: "without class cat, with class cow"),
        Journey(
            "two classes", "\(train) && rm -r photos && mkdir photos && \(resume) --epochs 2", exit: 3,
            says: "photos: holds no images"),
        Journey(
            "two classes", "\(train) && diptych train photos --output run --threads 2 --resume --epochs 3",
            says: "2 threads (1 thread until now)", "not bit for bit; --threads 1 computes as before"),
        Journey(
            "two classes", "diptych train photos --output run --allow-other-images", exit: 2, says: "requires --resume"
        ),
        // What is damaged, missing, moved or somebody else's.
        Journey(
            "two classes", "\(train) && : > run/checkpoints/last.ckpt && \(resume)", exit: 1,
            says: "start a new run in another --output",
            "run/encoder.safetensors, of an earlier stop, can still be used",
            never: ["delete"]),
        Journey(
            "two classes",
            "\(train) --set training.keep=2 && rm run/checkpoints/last.ckpt && \(resume)",
            says: "run/checkpoints/last.ckpt: is missing; continuing from run/checkpoints/epoch-0002.ckpt"),
        Journey(
            "two classes", "\(train) && rm run/config.yaml && \(resume) --epochs 3",
            says: "run/config.yaml: is missing or empty; the settings are those in run/checkpoints/last.ckpt"),
        Journey(
            "two classes", "\(train) && rm -r run/checkpoints && \(resume)", exit: 2,
            says: "holds a run without its checkpoints", never: ["starting again"]),
        Journey(
            "two classes",
            "\(train) && mv run moved && diptych train photos --output moved --threads 1 --resume --epochs 2",
            says: "run: moved"),
        Journey(
            "two classes", "mkdir run && echo 'a: 1' > run/config.yaml && \(train)", exit: 2,
            says: "run/config.yaml: already exists"),
        Journey("two classes", "mkdir run && echo mine > run/notes.txt && \(train) && cat run/notes.txt", says: "mine"),
        // A refused run is none.
        Journey(
            "two classes",
            "echo x > photos/cat/0.png; echo x > photos/cat/1.png; echo x > photos/cat/2.png; \(train); echo $?; \(train) --max-bad 0.5",
            says: "3\n", "has a run that ended before its first checkpoint; starting again"),
        // A run among its images leaves none.
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output photos/run --threads 1 && "
                + "diptych train photos --output photos/run --threads 1 --resume --epochs 2", never: ["views.png"]),
        // Checkpoints as encoders.
        Journey(
            "two classes", "\(train) && rm run/encoder.safetensors && diptych probe run photos",
            says: "run has no encoder.safetensors yet: using checkpoints/last.ckpt, epoch 2 of 2", "linear probe"),
        Journey(
            "two classes", "\(train) && diptych probe run/checkpoints/last.ckpt photos",
            says: "scores    run/probe-last.json"),
        Journey(
            "two larger classes",
            "\(train) && diptych embed run/checkpoints/last.ckpt photos --output f.npy && "
                + "diptych export run/checkpoints/last.ckpt --output e.onnx && "
                + "diptych export run/checkpoints/last.ckpt --output e.safetensors && cmp e.safetensors "
                + "run/encoder.safetensors && diptych diagnose run/checkpoints/last.ckpt photos && "
                + "diptych report run/checkpoints/last.ckpt --images photos --output r.html",
            says: "the same weights, bit for bit", "r.html"),
        Journey(
            "two classes", "diptych probe photos photos", exit: 2, says: "neither encoder.safetensors nor a checkpoint"),
        // Losses that are not finite are no fault of the data.
        Journey(
            "two classes",
            "\(train) --set training.optimizer.sgd.lr=1e30 --set training.on_nonfinite=skip --epochs 3", exit: 1,
            says: "finite"),
    ]

    @Test(arguments: table) func journey(_ journey: Journey) throws { try journey.check() }
}
