import Views

/// How a method or a loss uses the classes of images.
public enum LabelUse: Sendable {
    /// Not at all.
    case none
    /// Images of one class are positives of each other; an image without a class has its own views alone.
    case welcome
    /// Only classes are learned, so images without a class are skipped.
    case required
}

extension Method {
    /// The images that the method trains on, and a note about those without a class.
    /// - Throws: `TrainingError` if the method needs classes and no image has one.
    func labelled(_ images: any Source) throws(TrainingError) -> (images: any Source, note: String?) {
        guard requirements.labels != .none, !images.classes.isEmpty else { return (images, nil) }
        let known = (0..<images.count).filter { images.label($0) != nil }
        let missing = images.count - known.count
        guard missing > 0 else { return (images, nil) }
        let note = "method.\(Self.name): \(missing) of \(images.count) images have no label"
        if requirements.labels == .welcome {
            return (images, "\(note); only their own views are their positives")
        }
        guard !known.isEmpty else {
            throw TrainingError(
                .data, "method.\(Self.name): learns from labels, and none of the \(images.count) images has one")
        }
        return (Subset(images, indices: known), "\(note); they are skipped")
    }
}
