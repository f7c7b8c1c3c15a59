import Views

/// How a method or a loss uses the classes of images.
public enum LabelUse: Sendable {
    /// Not at all.
    case none
    /// Images of one class are positives of each other; an image without a class has its own views alone.
    case welcome
    /// Nothing else is learned, so images without a class are left out.
    case required
}

extension Method {
    /// The images that it learns from, and what is to be said of those without a class.
    /// - Throws: `TrainingError` where it needs classes and no image has one.
    func labelled(_ images: any Source) throws(TrainingError) -> (images: any Source, note: String?) {
        guard requirements.labels != .none, !images.classes.isEmpty else { return (images, nil) }
        let known = (0..<images.count).filter { images.label($0) != nil }
        let missing = images.count - known.count
        guard missing > 0 else { return (images, nil) }
        let words = "\(missing) of \(images.count) images have no label"
        if requirements.labels == .welcome {
            return (images, "method.\(Self.name): \(words), and their own views for their only positives")
        }
        guard !known.isEmpty else {
            throw TrainingError(
                .data, "method.\(Self.name): learns from labels, and none of the \(images.count) images has one")
        }
        return (Subset(images, indices: known), "method.\(Self.name): \(words) and are left out")
    }
}
