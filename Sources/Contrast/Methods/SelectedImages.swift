import Views

/// The images of a source that a method learns from.
struct SelectedImages {
    var images: any Source
    /// The tokens of their captions; nil if the method reads none.
    var tokens: CaptionTokens?
    /// Notes for the user about the choice.
    var notes: [String] = []
}

extension Experiment {
    /// Chooses the images that the method learns from.
    /// - Parameters:
    ///   - source: the images with their labels and captions.
    ///   - folder: the run's; it gets what is needed to read captions later.
    ///   - resumes: whether the run continues, so that the folder already has that.
    /// - Throws: `TrainingError` if labels or captions are missing, or fewer than two images are left; `FileError`.
    func select(_ source: any Source, folder: RunFolder, resumes: Bool) throws -> SelectedImages {
        let method = method.component
        let (images, note) = try method.labelled(source)
        var selected = SelectedImages(images: images, notes: note.map { [$0] } ?? [])
        if let method = method as? Supervised {
            let drawn = method.drawn(from: images, seed: training.seed)
            selected.images = drawn.images
            selected.notes += drawn.note.map { [$0] } ?? []
        }
        if let method = method as? any CaptionedMethod {
            do {
                let captioned = try method.captioned(images, folder: folder, resumes: resumes)
                (selected.images, selected.tokens) = (captioned.images, captioned.tokens)
                selected.notes += captioned.notes
            } catch let error as InvalidSetting {
                throw TrainingError(error, inside: "method.\(self.method.name)")
            }
        }
        guard selected.images.count >= 2 else {
            throw TrainingError(
                .data, "there are \(selected.images.count) images; training needs at least two")
        }
        return selected
    }
}
