/// scikit-learn's scores: probe.json.
struct ProbeFixture: Decodable {
    struct Linear: Decodable {
        var C: Double
        var objective: Double
        var weights: [[Double]]
        var predictions: [Int]
        var top1: Double
        var top5: Double
        var perClass: [Double]
        var confusion: [[Int]]
    }
    struct Neighbours: Decodable {
        var k: Int
        var temperature: Double
        var predictions: [Int]
        var top1: Double
        var top5: Double
        var confusion: [[Int]]
    }
    struct Problem: Decodable {
        var name: String
        var classes: Int
        var train: [[Double]]
        var trainLabels: [Int]
        var test: [[Double]]
        var testLabels: [Int]
        var linear: [Linear]
        var knn: [Neighbours]
    }
    var problems: [Problem]
}
