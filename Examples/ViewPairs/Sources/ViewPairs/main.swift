// Streams view pairs of a folder of images: `swift run -c release ViewPairs FOLDER`. Needs no libtorch.
import Views

guard CommandLine.arguments.count == 2 else { fatalError("usage: ViewPairs FOLDER") }

let folder = try ImageFolder(CommandLine.arguments[1])
var configuration = ViewConfiguration()
configuration.branches = [
    BranchConfiguration(
        count: 2, size: Size(square: 224),
        steps: [Step(ResizedCrop()), Step(HorizontalFlip()), Step(ColorJitter()), Step(GaussianBlur())])
]
let pipeline = try ViewPipeline(configuration)
let batch = min(32, folder.count)
let loader = try Loader(
    folder, pipeline: pipeline, sampler: Sampler(count: folder.count, batch: batch, seed: 0, dropLast: true), seed: 0,
    epochs: 0..<2)

for epoch in 0..<2 {
    var images = 0
    var sum: Float = 0
    while let batch = try loader.next() {
        // [2, images, 3, 224, 224], the first views before the second ones; valid until the next batch.
        let views = batch.views(branch: 0)
        sum += views[0]
        images += batch.count
    }
    print("epoch \(epoch): \(images) images, \(2 * images) views, first values sum to \(sum)")
}
for record in loader.quarantine { print("left out: \(record)") }
