import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Diagnosis")
struct DiagnosisTests {
    /// (pairs, dimension, seed).
    static let sizes: [(Int, Int, UInt64)] = [(384, 48, 11), (768, 96, 12), (640, 32, 13), (500, 64, 14)]

    @Test(arguments: Planted.allCases)
    func aPlantedFaultIsTheFirstFindingAndHealthIsNone(condition: Planted) throws {
        for (pairs, dimension, seed) in DiagnosisTests.sizes {
            let (embeddings, temperature) = try condition.make(pairs: pairs, dimension: dimension, seed: seed)
            var options = Evidence.Options()
            options.temperature = temperature
            let diagnosis = try Diagnosis(embeddings, options: options)
            #expect(
                diagnosis.findings.first?.code == condition.wanted,
                "\(pairs) x \(dimension): \(diagnosis.findings.map(\.code)) \(diagnosis.lines.joined(separator: "\n"))")
            for finding in diagnosis.findings {
                #expect(!finding.numbers.isEmpty && !finding.remedy.isEmpty && finding.paper.contains("arXiv"))
                try expectSettings(finding.remedy)
                for line in finding.numbers {
                    #expect(line.estimate.low <= line.estimate.value + 1e-9, "\(line.name)")
                    #expect(line.estimate.high >= line.estimate.value - 1e-9, "\(line.name)")
                }
            }
        }
    }

    /// A remedy can be put into a pipeline file as it is; comments alone need not.
    private func expectSettings(_ remedy: [String]) throws {
        let text = remedy.joined(separator: "\n")
        if remedy.allSatisfy({ $0.hasPrefix("#") }) { return }
        _ = try ConfigurationReader(file: "remedy", text: text).read(Experiment.self)
    }

    @Test func withoutATemperatureItIsNotJudgedAndTheRestIs() throws {
        for condition in [Planted.smallTemperature, .largeTemperature] {
            let (embeddings, _) = try condition.make(pairs: 384, dimension: 48, seed: 4)
            let diagnosis = try Diagnosis(embeddings)
            #expect(!diagnosis.temperatureIsKnown)
            #expect(!diagnosis.findings.contains { $0.code.hasPrefix("temperature") })
        }
        for condition in [Planted.noise, .rotated, .subspace, .point, .twoTightGroups] {
            let (embeddings, _) = try condition.make(pairs: 384, dimension: 48, seed: 4)
            #expect(try Diagnosis(embeddings).findings.first?.code == condition.wanted, "\(condition)")
        }
    }

    /// Whether or not anything is learned: such a loss is not chance.
    @Test(arguments: [Planted.healthyFewClasses, .noise, .shuffled])
    func aTinyTemperatureIsNotChance(condition: Planted) throws {
        let (embeddings, _) = try condition.make(pairs: 256, dimension: 48, seed: 4)
        var options = Evidence.Options()
        options.temperature = 0.0001
        let diagnosis = try Diagnosis(embeddings, options: options)
        #expect(!diagnosis.findings.contains { $0.code == "chance" })
        let finding = try #require(diagnosis.findings.first { $0.code == "temperature_too_small" })
        #expect(finding.severity == .critical && finding.evidence.contains("far above log 256 = 5.545 nats"))
        #expect(finding.evidence.contains("temperature 0.0001 only"))
        #expect(finding.remedy.first?.contains("temperature: 0.") == true)
        #expect(diagnosis.lines.first?.contains("temperature 0.0001") == true)
    }

    @Test func aSmallSampleSaysThatItIsSmall() throws {
        let (embeddings, _) = try Planted.healthyFewClasses.make(pairs: 20, dimension: 16, seed: 5)
        let diagnosis = try Diagnosis(embeddings)
        #expect(diagnosis.undecided.contains { $0.contains("weak critic?") && $0.contains("which needs 256") })
        #expect(diagnosis.undecided.contains { $0.contains("saturated bound?") })
    }

    @Test func theOrderOfRowsAndTheLengthOfRowsDoNotMatter() throws {
        let (sorted, temperature) = try Planted.fourClasses.make(pairs: 256, dimension: 32, seed: 6)
        var options = Evidence.Options()
        options.temperature = temperature
        let order = (0..<sorted.count).sorted { (sorted.labels?[$0] ?? 0, $0) < (sorted.labels?[$1] ?? 0, $1) }
        func rows(_ values: [Float]) -> [Float] {
            order.flatMap { row in values[row * 32..<(row + 1) * 32].map { $0 * 3 } }
        }
        let other = try PairedEmbeddings(
            first: rows(sorted.first), second: rows(sorted.second), dimension: 32,
            labels: order.map { sorted.labels?[$0] ?? 0 })
        let one = try Evidence(sorted, options: options)
        let two = try Evidence(other, options: options)
        #expect(abs(one.loss.value - two.loss.value) < 1e-6)
        #expect(abs(one.slope.value - two.slope.value) < 0.05)
        #expect(abs((one.sameClass?.value ?? 0) - (two.sameClass?.value ?? 1)) < 1e-6)
    }

    @Test func theGradientsNoiseIsSaidWhereAFewCarryIt() throws {
        let (embeddings, temperature) = try Planted.smallTemperature.make(pairs: 384, dimension: 48, seed: 8)
        var options = Evidence.Options()
        options.temperature = temperature
        let diagnosis = try Diagnosis(embeddings, options: options)
        #expect(diagnosis.gradient.map(\.negatives) == [2, 4, 8, 16, 32, 64, 128])
        #expect(
            diagnosis.findings.first?.evidence.contains("With 2 random negatives the gradient's variance is") == true)
        #expect(diagnosis.lines.last?.contains("gradient's variance") == true)
        let object = try JSONSerialization.jsonObject(with: diagnosis.json()) as? [String: Any]
        #expect((object?["gradient"] as? [[String: Any]])?.first?["relative_variance"] != nil)
        // At a usual temperature there is less noise, and where it is not measured nothing is said.
        options.temperature = 0.2
        let usual = try Diagnosis(embeddings, options: options).gradient
        let (large, small) = (try #require(usual.last), try #require(diagnosis.gradient.last))
        #expect(large.relativeVariance.high < small.relativeVariance.low)
        options.measuresGradient = false
        #expect(try Diagnosis(embeddings, options: options).gradient.isEmpty)
    }

    @Test func theSameSeedGivesTheSameDiagnosisAndJSONHoldsIt() throws {
        let (embeddings, _) = try Planted.copies.make(pairs: 256, dimension: 32, seed: 7)
        let data = try Diagnosis(embeddings).json()
        #expect(try data == Diagnosis(embeddings).json())
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["pairs"] as? Int == 256)
        #expect((object["findings"] as? [[String: Any]])?.allSatisfy { $0["remedy"] is [String] } == true)
        #expect((object["measurements"] as? [[String: Any]])?.contains { $0["name"] as? String == "rank_me" } == true)
    }
}
