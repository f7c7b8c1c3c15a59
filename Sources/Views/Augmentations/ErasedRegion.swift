import Files

extension Region {
    /// Draws the rectangle that torchvision's `RandomErasing` erases. Its area is uniform in `scale` times the
    /// picture's, and the logarithm of height / width is uniform between the logarithms of `ratio`. Makes at most ten
    /// tries of six draws; nil if none of them is smaller than the picture in both dimensions.
    init?(erasing scale: Interval, ratio: Interval, of input: Size, random: inout RandomStream) {
        let logarithms = Interval(log(ratio.lower), log(ratio.upper))
        for _ in 0..<10 {
            let area = Double(input.area) * random.uniform(in: scale)
            let aspect = exp(random.uniform(in: logarithms))
            let height = Int((area * aspect).squareRoot().rounded(.toNearestOrEven))
            let width = Int((area / aspect).squareRoot().rounded(.toNearestOrEven))
            guard height < input.height, width < input.width else { continue }
            let y = random.integer(below: input.height - height + 1)
            let x = random.integer(below: input.width - width + 1)
            self.init(x: x, y: y, width: width, height: height)
            return
        }
        return nil
    }
}
