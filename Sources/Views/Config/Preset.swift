/// A pipeline file of `pipelines/` that is compiled into the program and named without a path.
public struct Preset: Sendable {
    /// Its name, as in `simclr-32`: the file's without its ending.
    public let name: String
    /// The file's text.
    public let text: String

    private init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// All of them; each file has a line here.
    public static let all = [
        Preset("barlow-twins-32", PackageResources.barlow_twins_32_yaml),
        Preset("byol-32", PackageResources.byol_32_yaml),
        Preset("cifar10-race", PackageResources.cifar10_race_yaml),
        Preset("claims", PackageResources.claims_yaml),
        Preset("clip-stamps", PackageResources.clip_stamps_yaml),
        Preset("continue", PackageResources.continue_yaml),
        Preset("dino-32", PackageResources.dino_32_yaml),
        Preset("emp-ssl-32", PackageResources.emp_ssl_32_yaml),
        Preset("lejepa-32", PackageResources.lejepa_32_yaml),
        Preset("moco-32", PackageResources.moco_32_yaml),
        Preset("moco-v3-32", PackageResources.moco_v3_32_yaml),
        Preset("nnclr-32", PackageResources.nnclr_32_yaml),
        Preset("openclipart", PackageResources.openclipart_yaml),
        Preset("simclr", PackageResources.simclr_yaml),
        Preset("simclr-32", PackageResources.simclr_32_yaml),
        Preset("simsiam-32", PackageResources.simsiam_32_yaml),
        Preset("supcon-32", PackageResources.supcon_32_yaml),
        Preset("swav-32", PackageResources.swav_32_yaml),
        Preset("vicreg-32", PackageResources.vicreg_32_yaml),
    ]

    /// The preset of a name; nil if there is none.
    public init?(named name: String) {
        guard let found = Preset.all.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// What to say of a name that no preset has.
    public static func unknown(_ name: String) -> String {
        "\(name): is not a pipeline of the program; \(advice(for: name, among: all.map(\.name), areOwn: true))"
    }

    /// The first sentence of the comments that head the file.
    public var summary: String {
        let lines = text.split(separator: "\n").prefix { $0.hasPrefix("#") }
        let words = lines.flatMap { $0.dropFirst().split(separator: " ") }
        var sentence: [Substring] = []
        for (index, word) in words.enumerated() {
            sentence.append(word)
            let next = words.dropFirst(index + 1).first?.first
            // `et al.` ends no sentence.
            if word.hasSuffix("."), next?.isUppercase ?? true { break }
        }
        return sentence.joined(separator: " ")
    }
}
