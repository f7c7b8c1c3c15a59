import Testing

/// Tables in place of folders.
@Suite("Journeys through tables")
struct TableJourneys {
    private static let train = "diptych train photos/list.csv --column label=species --pipeline tiny.yaml --output run"

    static let rows: [Journey] = [
        Journey(
            "a table of patients",
            "\(train) && diptych probe run photos/list.csv --column label=species --folds 3 && grep -c 'no group of 8 cut' run/probe.json"
                + " && diptych embed run photos/list.csv --column label=species --output out/features.npy"
                + " && head -2 out/table.csv",
            says: "photos/list.csv: 24 images of 2 classes",
            "note: columns: file_name is the path, species is the label, patient_id is the group; not used: id, note",
            "of each class, no group of 8 cut, seed", "folds     linear probe",
            "(3 folds, stratified, no group of 8 cut, seed",
            "\n2\n", "path,label,group\nx/0.png,0,p0\n"),
        Journey(
            "a table of patients",
            "diptych pack photos/list.csv --column label=species --output s/%d.tar && diptych scan s && tar tf s/0.tar | grep -c json",
            says: "24 images, 2 classes", "24\n"),
        Journey(
            "a table of patients",
            "diptych train photos/sets.csv --pipeline tiny.yaml --output run && diptych probe run photos/sets.csv"
                + " && diptych probe run photos/values.csv --output v.json && grep -c r2 v.json",
            says: "photos/sets.csv: 24 images of 3 classes, 1.7 each", "mAP", "AUROC", "with values from 0 to 23", "R2",
            "mean absolute error"),
        Journey(
            "a table of patients",
            "diptych train photos/sets.csv --pipeline tiny.yaml --output run --set 'method={simclr: {loss: sup_con}}'"
                + " && head -3 run/images.tsv",
            says: "photos/sets.csv: 24 images of 3 classes, 1.7 each", "|", "encoder.safetensors"),
        Journey(
            "a table of patients",
            "diptych train photos/sets.csv --pipeline tiny.yaml --output run --set method=supervised", exit: 2,
            says: "method.supervised: learns one class of each image", "have several labels", "--column label=NAME"),
        Journey(
            "a table of patients", "diptych scan photos/sides.csv",
            says: "photos/sides.csv: train 18 images of 2 classes, test 6"),
        Journey(
            "a table of patients", "diptych pack photos/missing.csv --output s/%d.tar; ls s",
            exit: 2,
            says: "photos/missing.csv: 2 of 4 images do not exist and are skipped; the first is photos/x/none.png",
            "more than --max-bad allows"),
        Journey(
            "a table of patients", "diptych scan photos/list.csv --column label=breed", exit: 3,
            says: "line 1: has no column breed; its columns are id, file_name, species, patient_id, note"),
        Journey(
            "a table of patients", "diptych pack photos/wrong.csv --output s/%d.tar; ls s", exit: 2,
            says: "photos/wrong.csv: line 26: has 2 columns, must have 5"),
        Journey(
            "a table of patients", "diptych scan photos/list.csv --column breed", exit: 2,
            says: "--column must be COLUMN=NAME"),
        Journey(
            "two classes", "diptych scan photos --column label=breed", exit: 3,
            says: "photos: is not a table, so --column and --root do not apply"),
        Journey(
            "an image folder with metadata", "diptych scan photos",
            says: "photos/metadata.csv: 4 images of 2 classes",
            "does not name 2 images in photos, which are skipped"),
    ]

    @Test(arguments: rows) func table(_ journey: Journey) throws { try journey.check() }
}
