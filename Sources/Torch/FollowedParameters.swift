import CTorch

/// The parameters of a module as a moving average of those of another module of the same shape.
public struct FollowedParameters {
    private let own: [Parameter]
    private let leaders: [Parameter]

    /// Pairs the parameters of two modules by their keys.
    /// - Throws: `TorchError` if they differ in number or shape.
    public init(of follower: any Module, leader: any Module) throws(TorchError) {
        let (own, others) = (follower.allParameters, leader.allParameters)
        guard own.map(\.key) == others.map(\.key) else {
            throw TorchError(operation: "follow", message: "the modules do not have the same parameters")
        }
        for ((key, parameter), (_, other)) in zip(own, others)
        where parameter.value.shape != other.value.shape {
            throw TorchError(
                operation: "follow", message: "\(key) is \(parameter.value.shape), the leader's \(other.value.shape)")
        }
        self.own = own.map(\.parameter)
        leaders = others.map(\.parameter)
    }

    /// Pairs parameters of equal shapes in their order.
    public init(_ own: [Parameter], leaders: [Parameter]) {
        self.own = own
        self.leaders = leaders
    }

    /// Moves each parameter towards its leader, `p <- m p + (1 - m) leader`; buffers, such as running statistics, do
    /// not change.
    /// - Parameter momentum: m, 0...1.
    public func follow(momentum: Double) throws(TorchError) {
        try check(
            "follow",
            ctorch_follow(own.map { $0.value.handle }, leaders.map { $0.value.handle }, Int32(own.count), momentum))
    }
}

extension Module {
    /// Freezes all parameters: they remain in the state, without gradients.
    public func freeze() throws(TorchError) {
        for (_, parameter) in allParameters { try parameter.freeze() }
    }
}
