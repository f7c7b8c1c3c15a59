import Files

extension TrainCommand {
    /// The command line that resumes a run; the run folder has its configuration.
    /// - Parameter command: `train`, or another that trains.
    package func resumption(of folder: String, by command: String = "train") -> String {
        var words = [
            "diptych", command, SystemPath.argument(images), "--output", SystemPath.argument(folder), "--resume",
        ]
        if let side = sides.side { words += ["--side", side.rawValue] }
        for column in sides.column { words += ["--column", SystemPath.quoted(column.text)] }
        if let root = sides.root { words += ["--root", SystemPath.argument(root)] }
        if compute.device != .auto { words += ["--device", compute.device.rawValue] }
        if let threads = compute.threads { words += ["--threads", "\(threads)"] }
        if tolerance.maxBad != ToleranceOptions.usual { words += ["--max-bad", "\(tolerance.maxBad)"] }
        if let grace { words += ["--grace", "\(grace)"] }
        return words.joined(separator: " ")
    }
}
