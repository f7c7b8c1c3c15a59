import Files
import Foundation
import Torch
import Views

/// A file of weights from anywhere: its tensors by the names that they have there.
///
/// Safetensors, and what `torch.save` wrote as `.pth`, `.pt` or `.bin`: which, is told by the first bytes.
public struct WeightsFile {
    /// The file.
    public let path: String
    /// The tensors in their order, which are read when they are asked for.
    let tensors: [(key: String, tensor: StoredTensor)]
    private let data: Data

    /// Reads what the file says of its tensors.
    /// - Throws: `TrainingError` where it cannot be read, is cut short, or holds anything but data.
    public init(_ path: String) throws(TrainingError) {
        self.path = path
        do {
            data = try StoredFile.read(path)
            tensors =
                PyTorchFile.recognizes(data)
                ? try PyTorchFile(data, path: path).tensors : try Safetensors.stored(in: data, path: path)
        } catch let error as SafetensorsError where error.reason.contains("is no safetensors file") {
            throw TrainingError(
                .unusable, "\(path): is neither a safetensors file nor one of torch.save, or it is cut short")
        } catch {
            throw TrainingError(.unusable, "\(error)")
        }
    }

    /// SHA-256 of the bytes, in hexadecimal.
    var hash: String { SHA256.hexadecimal(data) }

    /// Whether the bytes of a file begin as those of `torch.save`.
    static func isPyTorch(_ path: String) -> Bool {
        ((try? StoredFile.read(path)).map { PyTorchFile.recognizes($0) }) ?? false
    }
}
