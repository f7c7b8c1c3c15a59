import Torch
import Views

/// EMP-SSL: Tong et al. 2023, arXiv 2304.03977, equation 4. Many small patches of an image attract their mean, and the
/// embeddings of each patch fill the space. There are no negatives.
///
/// The negative of `mean_p R(Z_p) + lambda mean_p mean_n cos(z_np, m_n)`, where Z_p `[N, D]` holds the unit rows of patch
/// p, m_n is the mean of image n's rows, and `R(Z) = 1/2 log det(I + D / (N epsilon^2) Z^T Z)` is the total coding
/// rate. Patches are the views: 20 of a quarter of the image in the paper.
public struct EMPSSL: Method {
    /// `emp_ssl`.
    public static let name = "emp_ssl"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 4096, output: 512))
    /// lambda, the weight of attraction; at least 0.
    public var lambda = 200.0
    /// epsilon squared, the distortion of the coding rate; positive.
    public var distortion = 0.2

    /// The paper's settings.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("lambda", lambda, in: 0...1e6)
        try require("distortion", distortion, in: 1e-9...1e6)
    }

    /// The coding rate.
    public var prevention: CollapsePrevention? {
        CollapsePrevention(
            method: EMPSSL.name,
            cause: "The coding rate has not kept embeddings apart against an attraction of lambda \(lambda).",
            remedy: ["method: {emp_ssl: {lambda: \(lambda / 4)}}"],
            paper: "Tong et al. 2023, arXiv 2304.03977")
    }

    /// Builds the projector.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        EMPSSLModel(self, try Projector(encoder: encoder, head: head.component, generator: generator))
    }

    /// R of unit rows `[N, D]`, a scalar.
    func codingRate(_ rows: Tensor) throws(TorchError) -> Tensor {
        let (count, width) = (rows.shape[0], rows.shape[1])
        let columns = try rows.transpose(0, 1)
        // Both products have the same determinant with I; the smaller one is cheaper.
        let product = count < width ? try rows.matmul(columns) : try columns.matmul(rows)
        let scaled = try product * (Double(width) / (Double(count) * distortion))
        return try (scaled + Tensor.eye(min(count, width), dtype: rows.dtype, device: rows.device)).logdet() / 2
    }
}

/// A projector trained by EMP-SSL.
final class EMPSSLModel: ContrastiveModel {
    let projector: Projector
    private let settings: EMPSSL

    init(_ settings: EMPSSL, _ projector: Projector) { (self.settings, self.projector) = (settings, projector) }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let patches = try batch.gather(batch.embed(by: projector)).map { (view) throws(TorchError) in
            try view.widened().normalizedRows()
        }
        let center = try Tensor.mean(of: patches).normalizedRows()
        var (rates, cosines) = ([Tensor](), [Tensor]())
        for patch in patches {
            rates.append(try settings.codingRate(patch))
            cosines.append(try (patch * center).sum(dim: 1).mean())
        }
        let loss = try -(Tensor.mean(of: rates) + Tensor.mean(of: cosines) * settings.lambda)
        return Objective(
            loss: loss, candidates: nil, contrast: nil,
            embeddings: (try patches[0].detach(), try patches[1].detach()))
    }
}
