import Files
import Foundation
import Torch
import Views

/// A file of weights: its tensors by their names in the file.
///
/// It is a safetensors file, or a `.pth`, `.pt` or `.bin` file of `torch.save`; the first bytes decide.
public struct WeightsFile {
    /// The file.
    public let path: String
    /// The tensors in the order of the file; their values are read on demand.
    let tensors: [(key: String, tensor: StoredTensor)]
    private let data: Data

    /// Reads the names and shapes of the tensors.
    /// - Throws: `TrainingError` if it cannot be read, is truncated, or holds code as well as data.
    public init(_ path: String) throws(TrainingError) {
        self.path = path
        do {
            data = try StoredFile.read(path)
            tensors =
                PyTorchFile.recognizes(data)
                ? try PyTorchFile(data, path: path).tensors : try Safetensors.stored(in: data, path: path)
        } catch let error as SafetensorsError where error.reason.contains("is not a safetensors file") {
            throw TrainingError(
                .unusable, "\(path): is neither a safetensors file nor one of torch.save, or it is cut short")
        } catch {
            throw TrainingError(.unusable, "\(error)")
        }
    }

    /// SHA-256 of the bytes, in hexadecimal.
    var hash: String { SHA256.hexadecimal(data) }

    /// Whether a file begins with the signature of `torch.save`.
    static func isPyTorch(_ path: String) -> Bool {
        ((try? StoredFile.read(path)).map { PyTorchFile.recognizes($0) }) ?? false
    }
}
