import Foundation
import Synchronization
import Testing

@testable import Torch

@Suite("Process groups", .serialized, .enabled(if: ProcessGroup.isAvailable, "libgloo-dev is not installed"))
struct ProcessGroupTests {
    /// Runs `body` as each of several ranks, on a thread each, and gives their answers by rank.
    private func ranks(
        _ count: Int, _ body: @escaping @Sendable (ProcessGroup) throws -> [[Double]]
    ) throws -> [[[Double]]] {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, length) + getsockname(listener, $0, &length)
            }
        }
        close(listener)
        var place = JobEnvironment()
        (place.ranks, place.port, place.timeout) = (count, Int(UInt16(bigEndian: address.sin_port)), 20)
        let answers = Answers(count)
        let done = DispatchGroup()
        for rank in 0..<count {
            done.enter()
            place.rank = rank
            let own = place
            Thread {
                answers.set(rank, Result { try body(ProcessGroup(own)) })
                done.leave()
            }.start()
        }
        done.wait()
        return try (0..<count).map { try answers.get($0) }
    }

    private final class Answers: Sendable {
        private let values: Mutex<[Int: Result<[[Double]], any Error>]> = Mutex([:])
        init(_ count: Int) {}
        func set(_ rank: Int, _ value: Result<[[Double]], any Error>) { values.withLock { $0[rank] = value } }
        func get(_ rank: Int) throws -> [[Double]] { try values.withLock { try $0[rank]?.get() ?? [] } }
    }

    /// Numbers without a pattern.
    private static func numbers(_ count: Int, from start: Int = 0) -> [Double] {
        (start..<start + count).map { sin(Double($0 * $0 + 1) * 1.7) }
    }

    private static func isClose(_ found: [Double], _ wanted: [Double], _ tolerance: Double = 1e-12) -> Bool {
        found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test func oneRankHearsItselfAlone() throws {
        let found = try ranks(1) { group in
            #expect(try group.allGather("ä0") == ["ä0"])
            let rows = try Tensor([1.0, 2.0, 3.0, 4.0], shape: [2, 2])
            try group.broadcast([rows])
            // Nothing that a GPU carries is under way.
            try group.synchronize()
            let numbers = try group.allGather([7]).map { $0.map(Double.init) }
            return [try group.gather(rows, counts: [2]).toArray()] + numbers
        }
        #expect(found == [[[1, 2, 3, 4], [7]]])
    }

    @Test(.enabled(if: !ProcessGroup.hasNCCL, "this build has NCCL")) func aBuildWithoutNCCLSaysSo() throws {
        let found = try ranks(1) { group in
            let error = #expect(throws: ProcessGroupError.self) { try group.useNCCL(on: .cuda(0)) }
            #expect(error?.message.contains("no NCCL") == true && group.backend == .gloo)
            return [[1]]
        }
        #expect(found == [[[1]]])
    }

    @Test func textsAndNumbersOfAllRanks() throws {
        let found = try ranks(3) { group in
            let texts = try group.allGather(String(repeating: "ä\(group.rank)", count: group.rank * 5))
            let equal = try group.allGather("r\(group.rank)")
            #expect(texts == (0..<3).map { String(repeating: "ä\($0)", count: $0 * 5) })
            #expect(equal == ["r0", "r1", "r2"])
            return try group.allGather([group.rank, 7]).map { $0.map(Double.init) }
        }
        #expect(found.allSatisfy { $0 == [[0, 7], [1, 7], [2, 7]] })
    }

    @Test("Gathered rows take the gradient of the sum of all ranks' losses", arguments: [[2, 2], [2, 3], [1, 4]])
    func gathers(counts: [Int]) throws {
        let (all, width) = (counts.reduce(0, +), 3)
        // The rows in the order in which they are gathered, and where each rank's lie there.
        let isDealt = counts[0] == counts[1]
        let places = counts.indices.map { rank in
            (0..<counts[rank]).map { isDealt ? $0 * 2 + rank : $0 + counts[..<rank].reduce(0, +) }
        }
        let values = Self.numbers(all * width)
        let rows = (0..<all).map { Array(values[$0 * width..<($0 + 1) * width]) }
        // Ranks have different losses of all rows: sum (rank + 1) z_i^2 c_i.
        let weights = Self.numbers(all * width, from: 50)
        let found = try ranks(2) { group in
            let own = try Tensor(places[group.rank].flatMap { rows[$0] }, shape: [counts[group.rank], width])
            try own.setRequiresGrad()
            let z = try group.gather(own, counts: counts)
            try ((z * z) * Tensor(weights, shape: [all, width]) * Double(group.rank + 1)).sum().backward()
            return [try z.detach().toArray(), try own.grad()?.toArray() ?? []]
        }
        for rank in 0..<2 {
            #expect(found[rank][0] == values)
            // 2 z c of both ranks' losses, 1 and 2 times.
            let gradient = places[rank].flatMap { row -> [Double] in
                (0..<width).map { column -> Double in 6 * rows[row][column] * weights[row * width + column] }
            }
            #expect(Self.isClose(found[rank][1], gradient))
        }
    }

    @Test(
        "Batch norm of all ranks is batch norm of all rows", arguments: [[2, 2], [1, 4]], [DType.float32, .bfloat16])
    func normalises(counts: [Int], dtype: DType) throws {
        let shape = [2, 3, 3]
        let size = shape.reduce(1, *)
        let all = counts.reduce(0, +)
        // Far from zero, where a difference of squares would lose its digits.
        let values = Self.numbers(all * size).map { 30 + $0 }
        let weights = Self.numbers(all * size, from: 500)
        @Sendable func run(_ group: ProcessGroup?, _ rows: Range<Int>) throws -> [[Double]] {
            let part = rows.lowerBound * size..<rows.upperBound * size
            let norm = try BatchNorm(2)
            try norm.weight.value.detach().copy(from: Tensor([0.5, 2.0], shape: [2]))
            norm.group = group
            let x = try Tensor(values[part].map(Float.init), shape: [rows.count] + shape)
            try x.setRequiresGrad()
            let y = try norm(x.to(dtype), training: true).to(.float32)
            try (y * y * Tensor(weights[part].map(Float.init), shape: [rows.count] + shape)).sum().backward()
            let gradients = try [x.grad(), norm.weight.value.grad(), norm.bias.value.grad()].compactMap { $0 }
            return try ([y.detach(), norm.runningMean.value, norm.runningVar.value] + gradients).map {
                try $0.toArray()
            }
        }
        let whole = try run(nil, 0..<all)
        let found = try ranks(2) { group in
            let start = counts[..<group.rank].reduce(0, +)
            return try run(group, start..<start + counts[group.rank])
        }
        // As autocast gives it, with a significand of 8 bits; statistics and weights' gradients keep 24.
        let isShort = dtype == .bfloat16
        for (part, tolerance) in [(0, isShort ? 0.03 : 2e-4), (3, isShort ? 0.2 : 2e-4)] {
            #expect(Self.isClose(found[0][part] + found[1][part], whole[part], tolerance))
        }
        for part in [1, 2] {
            #expect(found[0][part] == found[1][part])
            #expect(Self.isClose(found[0][part], whole[part], 1e-5))
        }
        for part in [4, 5] {
            let sum = zip(found[0][part], found[1][part]).map { $0 + $1 }
            #expect(Self.isClose(sum, whole[part], isShort ? 0.03 : 1e-4))
        }
    }

    @Test("Gradients are added while backward goes on, in any number of buckets", arguments: [4, 16, 1 << 20])
    func reduces(bucketBytes: Int) throws {
        let found = try ranks(2) { group in
            let parameters = try (0..<3).map { _ in try Parameter(Tensor([Float](repeating: 1, count: 2), shape: [2])) }
            try group.registerGradientHooks(parameters, bucketBytes: bucketBytes)
            var gradients: [[Double]] = []
            for step in 1...2 {
                for parameter in parameters { try parameter.value.grad()?.copy(from: .zeros([2])) }
                // The last has no gradient, as a head that a step leaves out.
                let sum = try (parameters[0].value * Double(step * (group.rank + 1)) + parameters[1].value * 5).sum()
                try sum.backward()
                try group.finishGradients()
                gradients += try parameters.map { try $0.value.grad()?.toArray() ?? [] }
            }
            return gradients
        }
        let wanted: [[Double]] = [[3, 3], [10, 10], [], [6, 6], [10, 10], []]
        #expect(found.allSatisfy { $0 == wanted })
    }

    @Test func aReasonIsHeardByTheOthers() throws {
        struct Broken: Error, CustomStringConvertible { var description: String { "the disk is full" } }
        let found = try ranks(2) { group in
            do {
                try group.guarding {
                    if group.rank == 1 { throw Broken() }
                    _ = try group.allGather([1])
                }
            } catch is Broken {
                Thread.sleep(forTimeInterval: 3)
                return [[1]]
            } catch let error as ProcessGroupError {
                #expect(error.kind == .lost && error.message.contains("rank 1 of 2: the disk is full"), "\(error)")
                return [[2]]
            }
            return []
        }
        #expect(found == [[[2]], [[1]]])
    }
}
