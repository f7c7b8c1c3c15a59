import Foundation
import Testing

@testable import Views

@Suite("View pipelines")
struct ViewPipelineTests {
    static let graph = """
        trunk:
          - apply: {p: 0.5, steps: [grayscale]}
        branches:
          - name: global
            count: 2
            size: 24
            steps:
              - resized_crop: {scale: [0.2, 1]}
              - horizontal_flip
              - apply: {p: 0.5, steps: [color_jitter, {gaussian_blur: {sigma: [0.1, 2]}}]}
              - one_of: {weights: [1, 2, 0], steps: [grayscale, vertical_flip, horizontal_flip]}
              - random_order: {steps: [color_jitter, vertical_flip, {apply: {steps: [grayscale]}}]}
          - {count: 3, size: [12, 16], steps: [resized_crop]}
        """

    static func pipeline(_ text: String) throws -> ViewPipeline {
        try ViewPipeline(ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self))
    }

    static func picture(_ size: Size, seed: UInt64 = 1) -> Image {
        var stream = RandomStream(RandomKey(seed: seed, epoch: 0, sample: 0, purpose: .trunk))
        return Image(
            size: size,
            interleaved: (0..<size.area * Image.channels).map { _ in UInt8(truncatingIfNeeded: stream.next()) })
    }

    private func error(_ text: String) -> String {
        do {
            _ = try ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self)
            return "none"
        } catch {
            return error.description
        }
    }

    @Test func viewsAreCountedOverBranches() throws {
        let pipeline = try Self.pipeline(Self.graph)
        #expect(pipeline.viewCount == 5)
        #expect(
            (0..<5).map { pipeline.branch(of: $0).name } == ["global", "global", "branch 1", "branch 1", "branch 1"])
        #expect(pipeline.branches[1].size == Size(width: 16, height: 12))
    }

    @Test func aRecipeIsAFunctionOfItsKey() throws {
        let pipeline = try Self.pipeline(Self.graph)
        let input = Size(width: 50, height: 40)
        let base = try pipeline.recipes(seed: 1, epoch: 2, sample: 3, input: input)
        #expect(try pipeline.recipes(seed: 1, epoch: 2, sample: 3, input: input) == base)
        for view in 0..<5 {
            #expect(try pipeline.recipe(seed: 1, epoch: 2, sample: 3, view: view, input: input) == base[view])
        }
        for other in [(2, 2, 3), (1, 3, 3), (1, 2, 4)] {
            let recipes = try pipeline.recipes(seed: UInt64(other.0), epoch: other.1, sample: other.2, input: input)
            for view in 0..<5 { #expect(recipes[view].steps != base[view].steps) }
        }
        #expect(base[0].steps != base[1].steps && base[2].steps != base[3].steps)
        #expect(base.allSatisfy { $0.trunk == base[0].trunk })
    }

    @Test func aRecipeReplaysFromJSON() throws {
        let pipeline = try Self.pipeline(Self.graph)
        let picture = Self.picture(Size(width: 50, height: 40))
        let canvas = Canvas()
        var kinds = Set<String>()
        for sample in 0..<40 {
            for recipe in try pipeline.recipes(seed: 9, epoch: 0, sample: sample, input: picture.size) {
                pipeline.apply(recipe, to: picture, on: canvas)
                let pixels = canvas.picture.interleaved()
                #expect(canvas.picture.size == pipeline.branch(of: recipe.key.view).size)
                let text = try JSONEncoder().encode(recipe)
                let read = try JSONDecoder().decode(Recipe.self, from: text)
                #expect(read == recipe)
                pipeline.apply(read, to: picture, on: canvas)
                #expect(canvas.picture.interleaved() == pixels)
                kinds.formUnion(recipe.steps.map { "\($0.name) \($0.parameters == nil ? "skipped" : "drawn")" })
            }
        }
        #expect(kinds.isSuperset(of: ["apply skipped", "apply drawn", "horizontal_flip skipped", "one_of drawn"]))
    }

    /// Every setting as a file writes it, and everything that is drawn as a recipe keeps it.
    @Test func everyAugmentationReadsAndReplays() throws {
        let text = """
            branches:
              - count: 4
                size: 24
                steps:
                  - perspective: {distortion_scale: 0.4, interpolation: nearest, fill: [1, 2, 3], p: 0.7}
                  - elastic: {alpha: [30, 50], sigma: 3, interpolation: bilinear, fill: 9, p: 0.7}
                  - resized_crop
                  - three_augment: {threshold: 100, kernel_size: 5, sigma: [0.1, 1], p: 0.9}
                  - rand_augment: {num_ops: 3, magnitude: 4, num_magnitude_bins: 10, interpolation: bilinear, fill: 0, p: 0.9}
                  - jpeg_compression: {quality: [40, 90], p: 0.8}
                  - jpeg_compression: {quality: 50}
                  - gaussian_noise: {mean: 0.01, sigma: 0.05, p: 0.8}
                  - random_erasing: {scale: [0.02, 0.2], ratio: [0.5, 2], value: random, p: 0.8}
                  - random_erasing: {value: [10, 20, 30]}
            """
        let pipeline = try Self.pipeline(text)
        let canvas = Canvas()
        for size in [
            Size(width: 50, height: 40), Size(square: 1), Size(width: 1, height: 31), Size(width: 17, height: 2),
        ] {
            let picture = Self.picture(size)
            for sample in 0..<10 {
                for recipe in try pipeline.recipes(seed: 2, epoch: 0, sample: sample, input: size) {
                    pipeline.apply(recipe, to: picture, on: canvas)
                    let pixels = canvas.picture.interleaved()
                    #expect(canvas.picture.size == Size(square: 24))
                    let read = try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(recipe))
                    #expect(read == recipe)
                    pipeline.apply(read, to: picture, on: canvas)
                    #expect(canvas.picture.interleaved() == pixels)
                }
            }
        }
        let configuration = try ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self)
        let written = try ConfigurationWriter.yaml(configuration)
        let again = try ConfigurationReader(file: "y.yaml", text: written).read(ViewConfiguration.self)
        #expect(try ConfigurationWriter.yaml(again) == written)
    }

    @Test(arguments: [
        "branches: [{count: 3, size: 16, steps: [{resized_crop: {scale: [0.02, 0.1]}}, horizontal_flip]}]",
        "branches: [{size: 16, steps: [center_crop]}, {size: 20, steps: [{one_of: {steps: [center_crop, resized_crop]}}]}]",
        "{trunk: [{resized_crop: {scale: [0.1, 0.2]}}], branches: [{size: 16}]}",
    ])
    func onlyTheRegionOfAllViewsIsRead(text: String) throws {
        let pipeline = try Self.pipeline(text)
        let picture = Self.picture(Size(width: 80, height: 60))
        let canvas = Canvas()
        let recipes = try pipeline.recipes(seed: 4, epoch: 0, sample: 0, input: picture.size)
        let region = pipeline.region(of: recipes)
        #expect(region != Region(picture.size) && Region(picture.size).contains(region))
        let part = Image()
        part.reshape(toHold: region, of: picture.size)
        for channel in 0..<Image.channels {
            for y in 0..<region.height {
                for x in 0..<region.width {
                    part.plane(channel)[y * region.width + x] =
                        picture.plane(channel)[(y + region.y) * picture.size.width + x + region.x]
                }
            }
        }
        for recipe in recipes {
            pipeline.apply(recipe, to: picture, on: canvas)
            let whole = canvas.picture.interleaved()
            pipeline.apply(recipe, to: part, on: canvas)
            #expect(canvas.picture.interleaved() == whole)
        }
    }

    @Test(arguments: [
        "branches: [{size: 16, steps: [horizontal_flip, resized_crop]}]",
        "{trunk: [horizontal_flip], branches: [{size: 16}]}",
        "branches: [{size: 16}, {size: 16, steps: [grayscale, resized_crop]}]",
    ])
    func aFirstStepWithoutAWindowReadsTheWhole(text: String) throws {
        let pipeline = try Self.pipeline(text)
        let input = Size(width: 80, height: 60)
        #expect(try pipeline.region(of: pipeline.recipes(seed: 0, epoch: 0, sample: 0, input: input)) == Region(input))
    }

    @Test func aTrunkIsSharedByAllViews() throws {
        let shared = try Self.pipeline(
            "{trunk: [{resized_crop: {scale: [0.1, 0.3]}}], branches: [{size: 16, count: 3}]}")
        let recipes = try shared.recipes(seed: 0, epoch: 0, sample: 0, input: Size(width: 90, height: 70))
        #expect(shared.region(of: recipes) == (recipes[0].trunk[0].parameters as? ResizedCrop.Parameters)?.region)
        // The branches see what the trunk leaves, which is 16x16 here.
        for recipe in recipes {
            let crop = try #require(recipe.steps[0].parameters as? ResizedCrop.Parameters)
            #expect(Region(Size(square: 16)).contains(crop.region))
        }
    }

    @Test func whatIsAddedBehindChangesNoDrawBefore() throws {
        let input = Size(width: 50, height: 40)
        func steps(_ text: String) throws -> [DrawnStep] {
            try Self.pipeline("branches: [{size: 16, steps: [\(text)]}]")
                .recipe(seed: 0, epoch: 0, sample: 0, view: 1, input: input).steps
        }
        let jitter = "{color_jitter: {brightness: 0.5}}"
        let short = try steps("resized_crop, apply: {p: 1, steps: [\(jitter)]}")
        let long = try steps("resized_crop, apply: {p: 1, steps: [\(jitter), \(jitter)]}, \(jitter)")
        #expect(long[0] == short[0])
        let first = try #require(short[1].parameters as? Apply.Parameters).steps
        let both = try #require(long[1].parameters as? Apply.Parameters).steps
        #expect(both[0] == first[0] && both[1] != both[0] && long[2] != both[1] && long[2] != both[0])
    }

    @Test func chancesAreMet() throws {
        let pipeline = try Self.pipeline(
            """
            branches:
              - size: 4
                steps:
                  - resized_crop
                  - apply: {p: 0.3, steps: [horizontal_flip]}
                  - one_of: {weights: [3, 0, 1], steps: [horizontal_flip, grayscale, vertical_flip]}
                  - random_order: {steps: [horizontal_flip, vertical_flip]}
            """)
        var counts = [String: Int]()
        for sample in 0..<4000 {
            let steps = try pipeline.recipe(
                seed: 0, epoch: 0, sample: sample, view: 0, input: Size(square: 8)
            ).steps
            if steps[1].parameters != nil { counts["apply", default: 0] += 1 }
            counts["choice \((steps[2].parameters as? OneOf.Parameters)?.choice ?? -1)", default: 0] += 1
            counts["order \((steps[3].parameters as? RandomOrder.Parameters)?.order ?? [])", default: 0] += 1
        }
        #expect(counts.keys.sorted() == ["apply", "choice 0", "choice 2", "order [0, 1]", "order [1, 0]"])
        for (key, share) in ["apply": 0.3, "choice 0": 0.75, "order [0, 1]": 0.5] {
            #expect(abs(Double(counts[key] ?? 0) / 4000 - share) < 0.03)
        }
    }

    @Test(arguments: [
        ("branches: []", "x.yaml: branches: must hold at least one branch"),
        ("branches: [{count: 0}]", "x.yaml: branches[0].count: must be in 1...64, is 0"),
        ("branches: [{size: 0}]", "x.yaml: branches[0].size: must be in 1...8192, is 0x0"),
        ("branches: [{size: [1, 2, 3]}]", "x.yaml: branches[0].size: must be a whole number, or two: [height, width]"),
        (
            "branches: [{name: small, size: 32, steps: [grayscale]}]",
            "x.yaml: branches[0].steps: small must end in 32x32, ends in pictures of any size; end with"
        ),
        (
            "{trunk: [resized_crop], branches: [{size: 32}, {size: 16, steps: [grayscale]}]}",
            "x.yaml: branches[1].steps: branch 1 must end in 16x16, ends in pictures of 32x32"
        ),
        (
            "branches: [{steps: [{apply: {steps: [resized_crop]}}]}]",
            "x.yaml: branches[0].steps[0].apply.steps: may be skipped, so must not change the size"
        ),
        (
            "branches: [{steps: [{random_order: {steps: [resized_crop, grayscale]}}]}]",
            "x.yaml: branches[0].steps[0].random_order.steps: come in any order"
        ),
        (
            "branches: [{steps: [{one_of: {steps: [resized_crop, grayscale]}}]}]",
            "x.yaml: branches[0].steps[0].one_of.steps: must all give the same size"
        ),
        (
            "branches: [{size: 4, steps: [center_crop, {resize: {size: 8}}, {one_of: {steps: [center_crop, pad]}}]}]",
            "x.yaml: branches[0].steps[2].one_of.steps[1].pad: a picture of 8x8 cannot be padded"
        ),
        ("branches: [{steps: [{apply: {p: 1.5, steps: [grayscale]}}]}]", "x.yaml: branches[0].steps[0].apply.p: must"),
        ("branches: [{steps: [{apply: {}}]}]", "x.yaml: branches[0].steps[0].apply.steps: must hold at least one"),
        (
            "branches: [{steps: [{one_of: {weights: [1], steps: [grayscale, vertical_flip]}}]}]",
            "x.yaml: branches[0].steps[0].one_of.weights: must be one for each of the 2 steps, are 1"
        ),
        (
            "branches: [{steps: [resized_crop, {apply: {steps: [{color_jitter: {hue: 3.0}}]}}]}]",
            "x.yaml: branches[0].steps[1].apply.steps[0].color_jitter.hue: must be in"
        ),
        (
            "branches: [{steps: [resized_crop, {rand_augment: {magnitude: 31}}]}]",
            "x.yaml: branches[0].steps[1].rand_augment.magnitude: must be in 0...30, below num_magnitude_bins, is 31"
        ),
        (
            "branches: [{steps: [resized_crop, {random_erasing: {value: noise}}]}]",
            "x.yaml: branches[0].steps[1].random_erasing.value: must be random, a value in 0...255, or three"
        ),
        (
            "branches: [{steps: [resized_crop, {jpeg_compression: {quality: [90, 40]}}]}]",
            "x.yaml: branches[0].steps[1].jpeg_compression.quality: the lowest must come first, is [90, 40]"
        ),
        ("evaluation: [center_crop, perspective]", "x.yaml: evaluation[1]: perspective is random"),
        ("evaluation: []", "x.yaml: evaluation: evaluation must end in 224x224, ends in pictures of any size"),
        ("evaluation: [resized_crop]", "x.yaml: evaluation[0]: resized_crop is random, which evaluation must not be"),
        ("background: pink", "x.yaml: background: must be white, black, gray, or three values"),
        ("normalize: {mean: [0.5]}", "x.yaml: normalize.mean: must have 3 values, has 1"),
    ])
    func whatCannotWorkIsAnErrorWhenBuilt(text: String, expected: String) {
        #expect(error(text).hasPrefix(expected), "\(error(text))")
    }

    @Test func evaluationMakesOneViewWithoutChance() throws {
        let pipeline = try Self.pipeline(Self.graph).evaluation
        #expect(pipeline.viewCount == 1 && pipeline.branches[0].size == Size(square: 24))
        #expect(pipeline.evaluation === pipeline)
        let input = Size(width: 50, height: 40)
        let recipe = try pipeline.recipe(seed: 1, epoch: 0, sample: 0, view: 0, input: input)
        #expect(try pipeline.recipe(seed: 2, epoch: 3, sample: 4, view: 0, input: input).steps == recipe.steps)
        let canvas = Canvas()
        pipeline.apply(recipe, to: Self.picture(input), on: canvas)
        #expect(canvas.picture.size == Size(square: 24))
        let other = try Self.pipeline("{evaluation: [{resize: {size: 40}}, pad], evaluation_size: [48, 64]}").evaluation
        #expect(other.branches[0].size == Size(width: 64, height: 48))
        #expect(throws: InvalidSetting.self) {
            try other.recipe(seed: 0, epoch: 0, sample: 0, view: 0, input: Size(width: 100, height: 10))
        }
    }

    @Test func configurationsMadeInCodeAreCheckedToo() {
        var blur = GaussianBlur()
        blur.sigma = Interval(-1, 2)
        var configuration = ViewConfiguration()
        configuration.branches[0].steps.append(Step(Apply(p: 0.5, steps: [Step(Grayscale()), Step(blur)])))
        let expected = "branches[0].steps[1].apply.steps[1].gaussian_blur.sigma"
        do throws(InvalidSetting) {
            _ = try ViewPipeline(configuration)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.key == expected)
        }
    }

    @Test func aConfigurationWritesAndReadsBack() throws {
        let read = try ConfigurationReader(file: "x.yaml", text: Self.graph).read(ViewConfiguration.self)
        let text = try ConfigurationWriter.yaml(read)
        let again = try ConfigurationReader(file: "y.yaml", text: text).read(ViewConfiguration.self)
        #expect(try ConfigurationWriter.yaml(again) == text)
        #expect(text.contains("size: [12, 16]") && text.contains("background: white"))
        let input = Size(width: 50, height: 40)
        let first = try ViewPipeline(read).recipes(seed: 1, epoch: 0, sample: 0, input: input)
        #expect(try ViewPipeline(again).recipes(seed: 1, epoch: 0, sample: 0, input: input) == first)
    }
}
