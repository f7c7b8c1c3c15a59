import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// Embeddings with one known fault, or none. Other constructions, sizes and seeds than those that set the thresholds.
enum Planted: String, CaseIterable, CustomTestStringConvertible {
    case healthyFewClasses, healthyManyClasses, healthyWithoutLabels
    case noise, shuffled, cone, untrained
    case saturated, rotated, folded
    case twoClasses, threeClasses, fourClasses, twoTightGroups, threeTightGroups, fourTightGroups
    case smallTemperature, largeTemperature
    case subspace, point, sameViews, strongNoise, copies

    var testDescription: String { rawValue }

    /// The code of the first finding; nil for none.
    var wanted: String? {
        switch self {
        case .healthyFewClasses, .healthyManyClasses, .healthyWithoutLabels: nil
        case .noise, .shuffled, .cone, .untrained: "chance"
        case .saturated: "saturated_bound"
        case .rotated, .folded: "weak_critic"
        case .twoClasses, .threeClasses, .fourClasses, .twoTightGroups, .threeTightGroups, .fourTightGroups:
            "false_negatives"
        case .smallTemperature: "temperature_too_small"
        case .largeTemperature: "temperature_too_large"
        case .subspace: "dimensional_collapse"
        case .point: "complete_collapse"
        case .sameViews: "augmentation_too_weak"
        case .strongNoise: "augmentation_too_strong"
        case .copies: "duplicates"
        }
    }

    /// Pairs and the training's temperature.
    func make(pairs count: Int, dimension: Int, seed: UInt64) throws -> (PairedEmbeddings, temperature: Double) {
        let maker = try Maker(count: count, dimension: dimension, seed: seed)
        switch self {
        case .healthyFewClasses: return try maker.classes(10, weight: 0.6, noise: 0.8, temperature: 0.5)
        case .healthyManyClasses: return try maker.classes(50, weight: 0.4, noise: 0.9, temperature: 0.2)
        case .healthyWithoutLabels:
            return try maker.classes(30, weight: 0.5, noise: 1.2, temperature: 0.1, labelled: false)
        case .noise: return (try maker.pairs(maker.normal(), maker.normal()), 0.2)
        case .shuffled:
            let rows = try maker.content(classes: 10, weight: 0.5).rows
            var stream = RandomStream(RandomKey(seed: seed, epoch: 0, sample: 0, purpose: .trunk))
            let order = try Tensor(stream.permutation(count).map(Int64.init), shape: [count])
            return (
                try maker.pairs(maker.view(rows, 0.6), maker.view(rows.indexSelect(dim: 0, index: order), 0.6)), 0.5
            )
        case .cone:
            let axis = try maker.unit(maker.generator.normal([1, dimension], std: 1))
            let rows = try maker.normal() * 0.1
            return (try maker.pairs(axis + rows + maker.normal() * 0.06, axis + rows + maker.normal() * 0.06), 0.5)
        case .untrained:
            let axis = try maker.unit(maker.generator.normal([1, dimension], std: 1))
            let rows = try maker.normal() * 0.1
            let noise = 0.1 * maker.weakening * 1.3
            return (try maker.pairs(axis + rows + maker.normal() * noise, axis + rows + maker.normal() * noise), 0.4)
        case .saturated: return try maker.classes(60, weight: 0.2, noise: 0.3, temperature: 0.1)
        case .rotated:
            let rows = try maker.content(classes: 20, weight: 0.3).rows
            return (try maker.pairs(maker.view(rows, 0.5), maker.mirrored(maker.view(rows, 0.5))), 0.2)
        case .folded:
            // Second views hold the sizes of the numbers of the first, turned: nothing that is linear in both sees
            // them.
            let few = 6
            let rows = try maker.generator.normal([count, few], std: 1)
            let sizes = try rows.pow(2).sqrt() - 0.8
            let base = try maker.unit(maker.generator.normal([few, dimension], std: 1))
            let other = try maker.unit(maker.generator.normal([few, dimension], std: 1))
            return (
                try maker.pairs(rows.matmul(base) + maker.normal() * 0.1, sizes.matmul(other) + maker.normal() * 0.1),
                0.3
            )
        case .twoClasses: return try maker.classes(2, weight: 0.8, noise: 0.6, temperature: 0.3)
        case .threeClasses: return try maker.classes(3, weight: 0.8, noise: 0.6, temperature: 0.3)
        case .fourClasses: return try maker.classes(4, weight: 0.8, noise: 0.6, temperature: 0.3)
        case .twoTightGroups:
            return try maker.classes(2, weight: 0.9, noise: 0.4, temperature: 0.3, labelled: false)
        case .threeTightGroups:
            return try maker.classes(3, weight: 0.9, noise: 0.4, temperature: 0.3, labelled: false)
        case .fourTightGroups:
            return try maker.classes(4, weight: 0.9, noise: 0.4, temperature: 0.3, labelled: false)
        case .smallTemperature: return try maker.classes(30, weight: 0.5, noise: 0.9, temperature: 0.008)
        case .largeTemperature: return try maker.classes(10, weight: 0.5, noise: 0.5, temperature: 4)
        case .subspace:
            let base = try maker.generator.normal([3, dimension], std: 1)
            let rows = try maker.generator.normal([count, 3], std: 1)
            let views = try (0..<2).map { _ in
                try (rows + maker.generator.normal([count, 3], std: 0.4)).matmul(base) + maker.normal() * 0.05
            }
            return (try maker.pairs(views[0], views[1]), 0.2)
        case .point:
            let axis = try maker.generator.normal([1, dimension], std: 1)
            let length = Double(dimension).squareRoot()
            return (
                try maker.pairs(axis + maker.normal() * (0.02 * length), axis + maker.normal() * (0.02 * length)), 0.2
            )
        case .sameViews: return try maker.classes(20, weight: 0.5, noise: 0.06, temperature: 0.3)
        case .strongNoise:
            let rows = try maker.normal()
            return (
                try maker.pairs(maker.view(rows, 1.6 * maker.weakening), maker.view(rows, 1.6 * maker.weakening)), 0.3
            )
        case .copies:
            let rows = try maker.content(classes: 40, weight: 0.3).rows
            let sources: [Int64] = (0..<count).map { Int64($0 % 4 == 0 ? ($0 + 1) % count : $0) }
            let repeated = try rows.indexSelect(dim: 0, index: Tensor(sources, shape: [count]))
            return (try maker.pairs(maker.view(repeated, 0.5), maker.view(repeated, 0.5)), 0.2)
        }
    }
}

/// Draws what the conditions are made of.
private struct Maker {
    let count: Int
    let dimension: Int
    let generator: Generator

    init(count: Int, dimension: Int, seed: UInt64) throws {
        self.count = count
        self.dimension = dimension
        generator = try Generator(seed: seed)
    }

    /// The noise at which a positive beats about two thirds of the negatives, whatever the dimension.
    var weakening: Double { Double(dimension).squareRoot().squareRoot() / 1.25 }

    /// Rows of length 1 on average.
    func normal(_ rows: Int? = nil) throws -> Tensor {
        try generator.normal([rows ?? count, dimension], std: 1 / Double(dimension).squareRoot())
    }

    /// Rows with variances that fall from dimension to dimension, as those of trained networks do.
    func uneven(_ rows: Int? = nil) throws -> Tensor {
        let scale = (0..<dimension).map { Float(pow(1 + Double($0) / 4, -0.4)) }
        return try unit(normal(rows) * Tensor(scale, shape: [1, dimension]))
    }

    func unit(_ rows: Tensor) throws -> Tensor { try rows.normalizedRows() }

    /// Samples about the centres of classes.
    func content(classes: Int, weight: Double) throws -> (rows: Tensor, labels: [Int]) {
        // Neither sorted nor in turn.
        let labels = (0..<count).map { ($0 * 7 + $0 / classes) % classes }
        let centres = try uneven(classes).indexSelect(dim: 0, index: Tensor(labels.map(Int64.init), shape: [count]))
        return (try unit(centres * weight + uneven() * (1 - weight * weight).squareRoot()), labels)
    }

    func view(_ rows: Tensor, _ noise: Double) throws -> Tensor { try unit(rows + normal() * noise) }

    /// Turned by two reflections and a shift of the dimensions, which keep what is in the rows.
    func mirrored(_ rows: Tensor) throws -> Tensor {
        let axis = try unit(generator.normal([1, dimension], std: 1))
        let shifted = try rows.indexSelect(
            dim: 1, index: Tensor((0..<dimension).map { Int64(($0 * 5 + 3) % dimension) }, shape: [dimension]))
        return try shifted - shifted.matmul(axis.transpose(0, 1)).matmul(axis) * 2
    }

    func classes(
        _ classes: Int, weight: Double, noise: Double, temperature: Double, labelled: Bool = true
    ) throws -> (PairedEmbeddings, temperature: Double) {
        let (rows, labels) = try content(classes: classes, weight: weight)
        return (try pairs(view(rows, noise), view(rows, noise), labels: labelled ? labels : nil), temperature)
    }

    func pairs(_ first: Tensor, _ second: Tensor, labels: [Int]? = nil) throws -> PairedEmbeddings {
        try PairedEmbeddings(first: first.toArray(), second: second.toArray(), dimension: dimension, labels: labels)
    }
}
