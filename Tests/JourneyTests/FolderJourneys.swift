import Testing

/// Folders as people have them.
@Suite("Journeys through folders")
struct FolderJourneys {
    static let table: [Journey] = [
        Journey("two classes", "diptych scan photos", says: "12 images, 2 classes"),
        Journey("nothing", "diptych scan photos", exit: 3, says: "photos: holds no images"),
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output run && diptych probe run photos", says: "linear probe"),
        // Sides, wrappers and what lies beside.
        Journey(
            "three sides in capitals", "diptych train photos --pipeline tiny.yaml --output run",
            says: "photos: Train/ 12 images of 2 classes, Testing/ 3 (not used), VALID/ 4 (scored during training)"),
        Journey(
            "three sides in capitals", "diptych scan photos", says: "Testing/ 3, VALID/ 4",
            "cat: 11 (train 6, test 3, validation 2)"),
        Journey(
            "train and a third folder", "diptych views photos --pipeline tiny.yaml --output s.png",
            says: "train/ 12 images of 2 classes, test/ 6 (not used)",
            "plane/ (3 images) beside train/ and test/ is not used",
            "--side none"),
        Journey(
            "train and a third folder", "diptych scan photos --side none", says: "21 images, 3 classes"),
        Journey(
            "train and unlabelled", "diptych train photos --pipeline tiny.yaml --output run",
            says: "train/ 12 images of 2 classes", "unlabelled/ (5 images) beside train/ is not used", "held out"),
        Journey("vehicles", "diptych scan photos", says: "2 classes", "train/ counts as a class", "--side train"),
        Journey("a wrapper", "diptych scan photos", says: "photos/flowers: 12 images of 2 classes", "rose: 6"),
        Journey("of systems", "diptych scan photos", says: "12 images, 2 classes", "3 of the system"),
        Journey("two capitals", "diptych scan photos", says: "Cat and cat (labels 0 and 1) are separate classes"),
        Journey(
            "the same on both sides", "diptych scan photos",
            says: "test images that are also training images: 12"),
        Journey(
            "two classes",
            "diptych train photos --pipeline tiny.yaml --output run && diptych probe run photos --test photos",
            says: "all 12 test images that were compared are also among the training images"),
        Journey(
            "one bad in test",
            "diptych train photos --pipeline tiny.yaml --output run", exit: 3, says: "one is test/cat/bad.png"),
        Journey(
            "train and test", "diptych pack photos --output s/%02d.tar", says: "train/ 12 images of 2 classes",
            "test/ 6 (not used)", "12 images in 1 shard,"),
        Journey("train and test", "diptych pack photos --side test --output s/%02d.tar", says: "6 images in 1 shard,"),
        Journey("two classes", "diptych bench photos --side test", exit: 3, says: "has no test side"),
        // What is not read, and what is damaged.
        Journey(
            "formats that are not read", "diptych views photos --pipeline tiny.yaml --count 99 --output v.npy",
            says: "3 files are not read: 2 .psd, 1 .jxl", "psd: holds no images, but 2 .psd",
            "cat/page.jpg: is a web page", "cat/lfs.jpg: is a Git LFS pointer", "v.npy: 8 images"),
        Journey(
            "two good, three damaged",
            "diptych views photos --pipeline tiny.yaml --output v.npy && diptych views photos --pipeline tiny.yaml --output v.png",
            says: "v.npy: 2 images, 2 views each", "v.png: 2 images", "skipped cat/c.jpg: is not in a supported format"),
        Journey(
            "two good, three damaged", "diptych bench photos --pipeline tiny.yaml --seconds 0.1", exit: 3,
            says: "more than --max-bad allows"),
        Journey(
            "two good, three damaged",
            "diptych bench photos --pipeline tiny.yaml --seconds 0.1 --max-bad 1", says: "bottleneck"),
        // Shards and tables.
        Journey("shards as others write them", "diptych scan photos/dots.tar", says: "4 images, 2 classes", "0: 2"),
        Journey(
            "shards as others write them", "diptych scan photos/packed.tar", exit: 3, says: "is a gzip file; unpack it"),
        Journey("tables", "diptych scan photos/list.csv", says: "4 images, 2 classes", "dog: 2"),
        Journey("tables", "diptych scan photos/captions.txt", says: "1 image, no classes"),
        Journey("tables", "diptych scan photos/coco.json", exit: 3, says: "a JSON file of annotations"),
    ]

    @Test(arguments: table) func journey(_ journey: Journey) throws { try journey.check() }
}
