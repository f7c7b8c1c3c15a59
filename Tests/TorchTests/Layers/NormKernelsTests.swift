import Foundation
import Testing

/// The kernels of batch norm for GPUs are C++ but for a few words, so a compiler for processors takes them too.
@Suite("Kernels for GPUs, run on processors")
struct NormKernelsTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let sources = root.appendingPathComponent("../../Sources/CTorch/norm_kernels.h")

    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test("Values, gradients and running statistics are those of float64", arguments: ["float32", "bfloat16"])
    func agreesWithFloat64(type: String) throws {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("norm-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        // The file is a C++ string that holds them.
        let text = try String(contentsOf: Self.sources, encoding: .utf8)
        let start = try #require(text.range(of: "R\"cuda("))
        let end = try #require(text.range(of: ")cuda\""))
        try text[start.upperBound..<end.lowerBound].write(
            to: place.appendingPathComponent("kernels.cu"), atomically: true, encoding: .utf8)
        let program = place.appendingPathComponent("run").path
        let built = try run(
            "clang++",
            [
                "-std=c++20", "-O1", "-w", "-DBF16=\(type == "bfloat16" ? 1 : 0)", "-I", place.path,
                Self.root.appendingPathComponent("Fixtures/norm_kernels.cpp").path, "-o", program, "-lpthread",
            ])
        try #require(built.status == 0, "\(built.output)")
        let found = try run(program, [])
        #expect(found.status == 0, "\(found.output)")
    }
}
