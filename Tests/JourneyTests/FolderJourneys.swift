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
    ]

    @Test(arguments: table) func journey(_ journey: Journey) throws { try journey.check() }
}
