extension Module {
    /// Keeps all parameters as state that no gradient moves and no optimiser is given.
    public func freeze() throws(TorchError) {
        for (_, parameter) in allParameters { try parameter.freeze() }
    }

    /// Moves each parameter towards that of a module of the same shape, `p <- m p + (1 - m) leader`; buffers, as running
    /// statistics, stay as they are.
    /// - Parameter momentum: m, 0...1.
    /// - Throws: `TorchError`, also where the modules' parameters differ in number or shape.
    public func follow(_ leader: any Module, momentum: Double) throws(TorchError) {
        let (own, others) = (allParameters, leader.allParameters)
        guard own.map(\.key) == others.map(\.key) else {
            throw TorchError(operation: "follow", message: "the modules have not the same parameters")
        }
        try withoutGradients { () throws(TorchError) in
            for ((key, parameter), (_, other)) in zip(own, others) {
                guard parameter.value.shape == other.value.shape else {
                    throw TorchError(
                        operation: "follow",
                        message: "\(key) is \(parameter.value.shape), the leader's \(other.value.shape)")
                }
                try parameter.value.copy(from: parameter.value * momentum + other.value * (1 - momentum))
            }
        }
    }
}
