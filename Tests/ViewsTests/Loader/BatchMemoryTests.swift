import Foundation
import Testing

@testable import Views

@Suite("Memory of batches", .timeLimit(.minutes(2)))
struct BatchMemoryTests {
    /// Counts what it gives, and refuses from the allocation `refused` on.
    private final class CountingMemory: BatchMemory {
        struct Refusal: Error, CustomStringConvertible { let description = "none of it is left" }

        struct State: Equatable {
            var sizes: [Int] = []
            var live: [UInt: Int] = [:]
            var wrongFrees = 0
        }

        let state = Locked(State())
        let refused: Int
        /// Added to every address.
        let offset: Int

        init(refused: Int = .max, offset: Int = 0) {
            self.refused = refused
            self.offset = offset
        }

        func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer {
            let pointer = try state.withLock { state in
                guard state.sizes.count < refused else { throw Refusal() }
                state.sizes.append(byteCount)
                let pointer = UnsafeMutableRawPointer.allocate(byteCount: byteCount + offset, alignment: alignment)
                state.live[UInt(bitPattern: pointer)] = byteCount
                return UInt(bitPattern: pointer)
            }
            return UnsafeMutableRawPointer(bitPattern: pointer).unsafelyUnwrapped + offset
        }

        func free(_ pointer: UnsafeMutableRawPointer) {
            let start = UInt(bitPattern: pointer - offset)
            let known = state.withLock { state in
                let known = state.live.removeValue(forKey: start) != nil
                if !known { state.wrongFrees += 1 }
                return known
            }
            if known { (pointer - offset).deallocate() }
        }

        var sizes: [Int] { state.withLock { $0.sizes } }
        var live: Int { state.withLock { $0.live.count } }

        /// A worker that has left its loader may be the last to let go of the batches.
        func wait(live count: Int) {
            while live != count { Thread.sleep(forTimeInterval: 0.001) }
        }

        var wrongFrees: Int { state.withLock { $0.wrongFrees } }
    }

    private let pipeline: ViewPipeline

    init() throws {
        pipeline = try ViewPipelineTests.pipeline(
            """
            branches:
              - {count: 2, size: 12, steps: [resized_crop, horizontal_flip]}
              - {count: 1, size: [5, 7], steps: [resized_crop]}
            """)
    }

    private func loader(
        _ memory: any BatchMemory, count: Int = 40, epochs: Range<Int> = 0..<1, pixels: ViewPixels = .float32
    ) throws(LoaderError) -> Loader {
        try Loader(
            fake: FakeSource(count: count), pipeline: pipeline, batch: 8, epochs: epochs, slots: 3, pixels: pixels,
            memory: memory)
    }

    @Test(arguments: ViewPixels.allCases)
    func everythingIsAllocatedAtFirstAndFreedOnce(_ pixels: ViewPixels) throws {
        let memory = CountingMemory()
        let bytes = pixels == .float32 ? 4 : 1
        do {
            let loader = try loader(memory, epochs: 0..<3, pixels: pixels)
            let expected = [2 * 8 * 432 * bytes, 8 * 105 * bytes]
            #expect(memory.sizes == expected + expected + expected)
            let plain = try self.loader(HeapMemory(), epochs: 0..<3, pixels: pixels)
            for _ in 0..<3 {
                let batches = try loader.epoch()
                #expect(try batches.count == 5 && batches == plain.epoch())
            }
            #expect(memory.sizes.count == 6 && memory.live == 6)
        }
        memory.wait(live: 0)
        #expect(memory.wrongFrees == 0)
    }

    @Test func aBatchThatIsHeldOutlivesItsLoader() throws {
        let memory = CountingMemory()
        var kept: ViewBatch?
        do {
            let loader = try loader(memory, count: 500)
            kept = try loader.next()
            loader.stop()
            #expect(memory.live == 6)
        }
        // Of the three batches, the one that is held.
        memory.wait(live: 2)
        #expect(kept?.views(branch: 0).contains { $0 != 0 } == true)
        kept = nil
        memory.wait(live: 0)
        #expect(memory.wrongFrees == 0)
    }

    @Test(arguments: 0..<6)
    func anAllocationThatFailsLeavesNothingBehind(refused: Int) throws {
        let memory = CountingMemory(refused: refused)
        let byteCount = refused % 2 == 0 ? 27648 : 3360
        let error = LoaderError.memory(byteCount: byteCount, reason: "none of it is left")
        #expect(throws: error) { try loader(memory) }
        #expect(error.description == "no memory for a batch's views, \(byteCount) bytes: none of it is left")
        #expect(memory.sizes.count == refused && memory.live == 0 && memory.wrongFrees == 0)
    }

    @Test func memoryMustBeAligned() throws {
        let memory = CountingMemory(offset: 16)
        #expect(throws: LoaderError.memory(byteCount: 27648, reason: "it is not aligned to 64 bytes")) {
            try loader(memory)
        }
        #expect(memory.sizes.count == 1 && memory.live == 0 && memory.wrongFrees == 0)
    }

    @Test func theHeapSaysWhenItIsExhausted() throws {
        let heap = HeapMemory()
        #expect(throws: LoaderError.self) { try BatchBuffer(byteCount: 1 << 62, from: heap) }
        for alignment in [1, 64, 4096] {
            let pointer = try heap.allocate(byteCount: 3, alignment: alignment)
            #expect(UInt(bitPattern: pointer) % UInt(alignment) == 0)
            heap.free(pointer)
        }
    }
}
