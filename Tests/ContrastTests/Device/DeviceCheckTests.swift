import Testing
import Torch

@testable import Contrast

@Suite("A device beside the processor")
struct DeviceCheckTests {
    @Test func theProcessorAgreesWithItselfAndBfloat16DoesNot() throws {
        let found = try DeviceCheck.run(on: .cpu)
        #expect(found.map(\.precision) == Precision.allCases)
        #expect(found[0].loss == 0 && found[0].gradient == 0)
        #expect(found[1].loss == 0 && found[1].gradient == 0)
        #expect((1e-7...1e-2).contains(found[2].loss) && (1e-4...0.6).contains(found[2].gradient))
    }
}
