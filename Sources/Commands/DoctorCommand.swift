import ArgumentParser
import Files
import Views

/// `diptych doctor`.
package struct DoctorCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Shows what is installed, which libtorch and device are used, and what is missing.")

    @Flag(help: "Prints one JSON object.")
    package var json = false

    package init() {}

    /// What was found; nil for what is missing.
    package struct Findings: Codable, Equatable, Sendable {
        /// Diptych's version.
        package var diptych: String
        /// The processor's cores.
        package var cores: Int
        /// Memory in GiB.
        package var memoryGiB: Double
        /// The pixel kernels for this processor: `avx2` or `baseline`.
        package var kernels: String
        /// The libraries that decode.
        package var codecs: [String: String]
        /// The formats that are read.
        package var formats: [String]
        /// The formats that cannot be read, each with its remedy.
        package var missingFormats: [String: String]
        /// libtorch's version.
        package var libtorch: String?
        /// The path from which libtorch was loaded.
        package var libtorchPath: String?
        /// The device that `--device auto` selects.
        package var device: String?
        /// Whether batch norm on the GPU is `fused` with the following operations or `plain`.
        package var norm: String?
        /// The difference between a training step on the GPU and on the CPU, by precision.
        package var check: [String: String]?
        /// What is missing, and how to fix it.
        package var problems: [String]
    }

    package func run() throws {
        var findings = Findings(
            diptych: Diptych.configuration.version,
            cores: ProcessInfo.processInfo.activeProcessorCount,
            memoryGiB: (Double(ProcessInfo.processInfo.physicalMemory) / 0x1p30 * 10).rounded() / 10,
            kernels: BuildInfo.kernels, codecs: BuildInfo.versions,
            formats: BuildInfo.formats.map(\.rawValue),
            missingFormats: Dictionary(BuildInfo.missingFormats.map { ($0.format.rawValue, $0.remedy) }) { $1 },
            problems: [])
        findings.add(DoctorCommand.torch())
        if json { try Output.result(JSON.line(findings)) } else { try Output.result(findings.lines) }
        if let problem = findings.problems.first { throw Failure(.failed, problem) }
    }

    /// What `diptych-torch doctor` finds, which it prints as one JSON object.
    package struct TorchFindings: Codable, Sendable {
        /// libtorch's version.
        package var libtorch: String
        /// The file that libtorch was loaded from.
        package var libtorchPath: String
        /// The device that `--device auto` takes.
        package var device: String
        /// Whether batch norm on the GPU is `fused` with the following operations or `plain`; nil without a GPU.
        package var norm: String?
        /// The relative difference of a GPU's step from the CPU's, by precision; nil without a GPU.
        package var check: [String: String]?

        package init(
            libtorch: String, libtorchPath: String, device: String, norm: String? = nil, check: [String: String]? = nil
        ) {
            (self.libtorch, self.libtorchPath, self.device) = (libtorch, libtorchPath, device)
            (self.norm, self.check) = (norm, check)
        }
    }

    /// Asks `diptych-torch` about libtorch; it cannot even start if the library is missing.
    private static func torch() -> Result<TorchFindings, Failure> {
        let ended: (status: Int32, output: String, errors: String)
        do {
            ended = try ChildProcess(TorchProcess.path(), ["doctor"]).finish()
        } catch {
            return .failure(Failure(error))
        }
        guard ended.status == 0, let found: TorchFindings = try? JSON.value(from: ended.output.utf8) else {
            let reason = ended.errors.split(separator: "\n").first.map(String.init) ?? "diptych-torch printed no reason"
            return .failure(
                Failure(
                    .failed,
                    "libtorch cannot be used: \(reason); install libtorch-dev, or build with LIBTORCH=/path/to/torch"))
        }
        return .success(found)
    }
}

extension DoctorCommand.Findings {
    fileprivate mutating func add(_ torch: Result<DoctorCommand.TorchFindings, Failure>) {
        switch torch {
        case .success(let found):
            (libtorch, libtorchPath, device) = (found.libtorch, found.libtorchPath, found.device)
            (norm, check) = (found.norm, found.check)
        case .failure(let failure):
            problems.append(failure.message)
        }
    }

    fileprivate var lines: [String] {
        var lines = [
            "diptych    \(diptych)", "cores      \(cores)", "memory     \(memoryGiB) GiB", "kernels    \(kernels)",
        ]
        for (name, version) in codecs.sorted(by: { $0.key < $1.key }) {
            lines.append(name.padded(to: 11) + version)
        }
        lines.append("reads      \(formats.joined(separator: ", "))")
        for (name, remedy) in missingFormats.sorted(by: { $0.key < $1.key }) {
            lines.append("reads no   \(name): \(remedy)")
        }
        lines.append("libtorch   \(libtorch.map { "\($0) (\(libtorchPath ?? "?"))" } ?? "missing")")
        if let device { lines.append("device     \(device)") }
        if let norm { lines.append("norm       \(norm)") }
        for (precision, distances) in (check ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append("check      \(precision) beside the processor in float32, relative: \(distances)")
        }
        lines += problems.map { "problem    \($0)" }
        return lines
    }
}
