import Files
import Torch
import Views

extension RunJournal {
    /// Writes the first files of a run: the settings, the classes, a picture of the views.
    /// - Throws: `FileError`.
    func begin(_ log: RunLog) throws {
        try AtomicFile.write(run.configuration, to: folder.configuration)
        if position.step == 0, folder.hasPictures { try showViews(log) }
        // A list of classes is never replaced, because the labels of features refer to it.
        if !run.images.classes.isEmpty, position.step == 0 || ClassNames.read(folder.classes) == nil {
            try AtomicFile.write(ClassNames.text(run.images.classes), to: folder.classes)
        }
    }

    /// Draws the views that the trainer will see, for the folder and TensorBoard.
    private func showViews(_ log: RunLog) throws {
        let sheet = ContactSheet(pipeline: setup.pipeline, seed: run.experiment.training.seed)
        guard let picture = try? sheet.draw(run.images, count: 8) else { return }
        let png = try PNGWriter.encode(picture)
        try AtomicFile.write(png, to: folder.views)
        try log.write(picture: png, width: picture.size.width, height: picture.size.height, tag: "views")
    }
}
