import Views

/// How a method or a loss uses the classes of images.
public enum LabelUse: Sendable {
    /// Not at all.
    case none
    /// Images that share classes are positives of each other; an image without a class has its own views alone.
    case welcome
    /// Only the one class of each image is learned, so images without a class are skipped.
    case required
}

extension Method {
    /// The images that the method trains on, and a note about those without a class.
    /// - Throws: `TrainingError` if the method needs one class of each image, and none has one or some have several.
    func labelled(_ images: any Source) throws(TrainingError) -> (images: any Source, note: String?) {
        guard requirements.labels != .none, !images.classes.isEmpty else { return (images, nil) }
        let known = (0..<images.count).filter { !images.labels($0).isEmpty }
        let several = images.columns.contains(.labels) ? known.count { images.labels($0).count > 1 } : 0
        if requirements.labels == .required, several > 0 {
            throw TrainingError(
                .unusable,
                "method.\(Self.name): learns one class of each image, and \(counted(several, "image")) of "
                    + "\(grouped(images.count)) \(several == 1 ? "has" : "have") several labels; name a column with one class "
                    + "(--column label=NAME), or take simclr with loss: sup_con, which takes sets of labels")
        }
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
