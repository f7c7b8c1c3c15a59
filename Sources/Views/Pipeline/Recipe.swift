/// All that was drawn for one view of one image: with the image's bytes it makes the view again, bit for bit.
public struct Recipe: Codable, Equatable, Sendable {
    /// Whose draws these are; `node` is 0.
    public let key: RandomKey
    /// The extent of the whole picture.
    public let input: Size
    /// What the shared steps drew.
    public let trunk: [DrawnStep]
    /// What the view's own steps drew.
    public let steps: [DrawnStep]

    init(key: RandomKey, input: Size, trunk: [DrawnStep], steps: [DrawnStep]) {
        self.key = key
        self.input = input
        self.trunk = trunk
        self.steps = steps
    }
}
