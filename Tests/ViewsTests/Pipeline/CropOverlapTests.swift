import Foundation
import Testing

@testable import Views

@Suite("Overlapping crops")
struct CropOverlapTests {
    private func crops(
        _ overlap: String, branches: String = "[{count: 3, size: 16, steps: [resized_crop, horizontal_flip]}]",
        input: Size = Size(width: 90, height: 70), samples: Int = 1000
    ) throws -> [[Region]] {
        let pipeline = try ViewPipelineTests.pipeline("{\(overlap) branches: \(branches)}")
        return try (0..<samples).map { sample in
            try pipeline.recipes(seed: 3, epoch: 1, sample: sample, input: input).map {
                try #require($0.steps[0].parameters as? ResizedCrop.Parameters).region
            }
        }
    }

    @Test func intersectionOverUnionIsThat() {
        let region = Region(x: 2, y: 3, width: 10, height: 6)
        #expect(region.intersectionOverUnion(region) == 1)
        #expect(region.intersectionOverUnion(Region(x: 12, y: 3, width: 4, height: 4)) == 0)
        #expect(region.intersectionOverUnion(Region(x: 20, y: 30, width: 4, height: 4)) == 0)
        let other = Region(x: 7, y: 0, width: 10, height: 5)
        #expect(region.intersectionOverUnion(other) == 10.0 / 100 && other.intersectionOverUnion(region) == 0.1)
    }

    /// The last bounds are seldom drawn by chance, so most crops are parts of the first.
    @Test(arguments: [(0.2, 0.8), (0.0, 0.1), (0.5, 0.6), (0.95, 0.97)])
    func cropsOverlapAsSet(_ lower: Double, _ upper: Double) throws {
        let regions = try crops("overlap: {iou: [\(lower), \(upper)]},")
        var overlaps: [Double] = []
        for views in regions {
            for view in views {
                #expect(Region(x: 0, y: 0, width: 90, height: 70).contains(view) && view.size.area > 0)
            }
            overlaps += views.dropFirst().map { $0.intersectionOverUnion(views[0]) }
        }
        // What rounds to pixels may miss the bounds by half a row or column of a crop of twenty pixels.
        #expect(overlaps.allSatisfy { $0 >= lower - 0.04 && $0 <= upper + 0.04 })
        #expect(overlaps.count { $0 >= lower && $0 <= upper } > overlaps.count * 2 / 3)
        #expect(Set(overlaps).count > 50)
    }

    @Test func freeCropsOftenDoNot() throws {
        let regions = try crops("")
        let overlaps = regions.map { $0[1].intersectionOverUnion($0[0]) }
        #expect(overlaps.count { $0 < 0.2 } > 200 && overlaps.count { $0 > 0.5 } > 50)
    }

    /// The first view draws as without the option, and so do the others where that fits.
    @Test func whatFitsStaysAsItWas() throws {
        let free = try crops("")
        let tied = try crops("overlap: {iou: [0.2, 0.8]},")
        var (kept, changed) = (0, 0)
        for (one, other) in zip(free, tied) {
            #expect(one[0] == other[0])
            for view in 1..<3 {
                if (0.2...0.8).contains(one[view].intersectionOverUnion(one[0])) {
                    #expect(one[view] == other[view])
                    kept += 1
                } else {
                    #expect(one[view] != other[view])
                    changed += 1
                }
            }
        }
        #expect(kept > 300 && changed > 300)
    }

    @Test func oneCropIsSharedByBranchesOfAnyExtent() throws {
        let branches = "[{size: 16, steps: [resized_crop, horizontal_flip]}, {size: [8, 12]}]"
        let regions = try crops("overlap: {iou: [1, 1]},", branches: branches)
        for views in regions { #expect(Set(views).count == 1 && views.count == 4) }
        #expect(Set(regions.map { $0[0] }).count > 900)
    }

    @Test func onlyTheNamedBranchesAreTied() throws {
        let branches = """
            [{name: local, count: 2, size: 8, steps: [{resized_crop: {scale: [0.05, 0.2]}}]},
             {name: one, count: 1, size: 16}, {name: two, count: 1, size: 16}]
            """
        let free = try crops("", branches: branches)
        let tied = try crops("overlap: {iou: [0.6, 0.9], branches: [one, two]},", branches: branches)
        for (one, other) in zip(free, tied) {
            #expect(one[...2] == other[...2])
            #expect((0.55...0.95).contains(other[3].intersectionOverUnion(other[2])))
        }
    }

    @Test func recipesReplayAndReadTheirUnionOnly() throws {
        let pipeline = try ViewPipelineTests.pipeline(
            """
            overlap: {iou: [0.4, 0.7]}
            branches: [{size: 16, steps: [{resized_crop: {scale: [0.02, 0.1]}}, {color_jitter: {brightness: 0.4}}]}]
            """)
        let input = Size(width: 80, height: 60)
        let recipes = try pipeline.recipes(seed: 4, epoch: 0, sample: 9, input: input)
        for recipe in recipes {
            let view = recipe.key.view
            #expect(try pipeline.recipe(seed: 4, epoch: 0, sample: 9, view: view, input: input) == recipe)
            #expect(try JSONDecoder().decode(Recipe.self, from: JSONEncoder().encode(recipe)) == recipe)
        }
        let regions = recipes.compactMap { ($0.steps[0].parameters as? ResizedCrop.Parameters)?.region }
        #expect(pipeline.region(of: recipes) == regions[0].union(regions[1]))
        #expect(pipeline.region(of: recipes).size.area < input.area / 2)
    }

    @Test func aTrunkComesFirst() throws {
        let pipeline = try ViewPipelineTests.pipeline(
            "{trunk: [{resized_crop: {scale: [0.5, 0.6]}}], overlap: {iou: [1, 1]}, branches: [{size: 16}]}")
        let recipes = try pipeline.recipes(seed: 0, epoch: 0, sample: 0, input: Size(width: 90, height: 70))
        #expect(recipes[0].steps == recipes[1].steps && recipes[0].trunk == recipes[1].trunk)
        let crop = try #require(recipes[0].steps[0].parameters as? ResizedCrop.Parameters)
        #expect(Region(Size(square: 16)).contains(crop.region))
    }

    @Test(arguments: [
        Size(square: 1), Size(width: 1, height: 9), Size(width: 2, height: 2), Size(width: 300, height: 1),
    ])
    func smallPicturesComeAsCloseAsTheyCan(_ size: Size) throws {
        for views in try crops("overlap: {iou: [0.3, 0.5]},", input: size, samples: 50) {
            for view in views { #expect(Region(size).contains(view) && view.size.area > 0) }
        }
    }

    @Test(arguments: [
        ("overlap: {iou: [0.5, 1.5]}", "x.yaml: overlap.iou: must lie in 0.0...1.0, is [0.5, 1.5]"),
        ("overlap: {iou: [0.5, 0.2]}", "x.yaml: overlap.iou: the lower bound must come first"),
        ("overlap: {iuo: [0.5, 0.6]}", "x.yaml: overlap.iuo: "),
        (
            "{overlap: {branches: [globl]}, branches: [{name: global}]}",
            "x.yaml: overlap.branches[0]: globl is not a branch; did you mean global?"
        ),
        (
            "{overlap: {}, branches: [{steps: [horizontal_flip, resized_crop]}]}",
            "x.yaml: overlap: branch 0 must begin with resized_crop, but begins with horizontal_flip"
        ),
        (
            "{trunk: [resized_crop], overlap: {}, branches: [{steps: []}]}",
            "x.yaml: overlap: branch 0 must begin with resized_crop, but begins with nothing"
        ),
        (
            "{overlap: {}, branches: [{count: 1}]}",
            "x.yaml: overlap: needs the crops of at least two views, has 1"
        ),
    ])
    func whatCannotWorkIsAnError(text: String, expected: String) {
        do {
            _ = try ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.description.hasPrefix(expected), "\(error.description)")
        }
    }

    @Test func theOptionWritesAndReadsBack() throws {
        let text = "{overlap: {iou: [0.1, 0.4], branches: [a]}, branches: [{name: a, size: 8}]}"
        let read = try ConfigurationReader(file: "x.yaml", text: text).read(ViewConfiguration.self)
        #expect(read.overlap?.iou == Interval(0.1, 0.4) && read.overlap?.branches == ["a"])
        let written = try ConfigurationWriter.yaml(read)
        let again = try ConfigurationReader(file: "y.yaml", text: written).read(ViewConfiguration.self)
        #expect(try ConfigurationWriter.yaml(again) == written && written.contains("overlap"))
    }
}
