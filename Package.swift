// swift-tools-version: 6.1
import Foundation
import PackageDescription

// The kernels are compiled twice from the same files: for any x86-64 here, for AVX2 and FMA in KernelsAVX2
// (its folder is a link). Views chooses between the two at run time. Other processors need only the first.
#if arch(x86_64)
let wideKernels: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
#else
let wideKernels: [SwiftSetting] = []
#endif

// libtorch: the system's by default; LIBTORCH=/path/to/torch takes any other, a PyPI wheel's folder included.
var torchIncludes: [String] = []
var torchLinks = ["-ltorch", "-ltorch_cpu", "-lc10"]
if let libtorch = Context.environment["LIBTORCH"], !libtorch.isEmpty {
    torchIncludes = ["-I\(libtorch)/include", "-I\(libtorch)/include/torch/csrc/api/include"]
    torchLinks += ["-L\(libtorch)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(libtorch)/lib"]
    // The driver's libraries need not be on the machine that builds.
    torchLinks += ["-Xlinker", "--allow-shlib-undefined"]
    if FileManager.default.fileExists(atPath: "\(libtorch)/lib/libtorch_cuda.so") {
        torchLinks += ["-Xlinker", "--no-as-needed", "-ltorch_cuda", "-lc10_cuda"]
    }
}

// Several processes train together where Gloo's headers are installed: PyPI's wheels contain its code, but not these.
let hasGloo = ["/usr", "/usr/local"].contains {
    FileManager.default.fileExists(atPath: "\($0)/include/gloo/context.h")
}
let ownGloo: [LinkerSetting] = hasGloo && torchIncludes.isEmpty ? [.linkedLibrary("gloo")] : []
var backends: [CXXSetting] = hasGloo ? [.define("CTORCH_GLOO"), .define("USE_C10D_GLOO")] : []

// On GPUs they do by NCCL, where the headers that a CUDA libtorch was built with are found: in CUDA_INCLUDES=dir:dir, else
// in the packages of NVIDIA's that pip puts beside torch.
let cudaIncludes: [String] = {
    guard let libtorch = Context.environment["LIBTORCH"], !libtorch.isEmpty else { return [] }
    if let given = Context.environment["CUDA_INCLUDES"] { return given.split(separator: ":").map(String.init) }
    let packages = "\(libtorch)/../nvidia"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: packages)) ?? []
    return names.sorted().map { "\(packages)/\($0)/include" }
}()
func finds(_ header: String) -> Bool {
    cudaIncludes.contains { FileManager.default.fileExists(atPath: "\($0)/\(header)") }
}
// The last two are in no package that torch itself asks for: see docs/scale.md.
let wanted = [
    "nccl.h", "cuda_runtime_api.h", "cublas_v2.h", "cusparse.h", "cusolverDn.h", "crt/host_config.h", "nv/target",
]
if hasGloo, torchLinks.contains("-ltorch_cuda"), wanted.allSatisfy(finds) {
    backends += [.define("CTORCH_NCCL"), .define("USE_C10D_NCCL")]
    torchIncludes += cudaIncludes.flatMap { ["-isystem", $0] }
}

// SHA-256 is linked from libcrypto's archive where there is one: 25 KB, in place of a shared library of 5 MB to carry along.
let hasCryptoArchive = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"].contains {
    FileManager.default.fileExists(atPath: "\($0)/libcrypto.a")
}
let libcrypto = hasCryptoArchive ? ":libcrypto.a" : "crypto"

let package = Package(
    name: "diptych",
    products: [
        .library(name: "Text", targets: ["Text"]),
        .library(name: "Views", targets: ["Views"]),
        .library(name: "Torch", targets: ["Torch"]),
        .library(name: "Contrast", targets: ["Contrast"]),
        .library(name: "diptych-views", type: .dynamic, targets: ["DiptychLibrary"]),
        .library(name: "DiptychLibrary", targets: ["CDiptych", "DiptychLibrary"]),
        .executable(name: "diptych", targets: ["diptych"]),
        .executable(name: "diptych-torch", targets: ["diptych-torch"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    ],
    targets: [
        .target(name: "Files"),
        .target(name: "Text", dependencies: ["Files"]),
        .target(
            name: "CCodecs",
            linkerSettings: ["jpeg", "png", "tiff", "webp"].map { .linkedLibrary($0) }),
        .target(name: "CKernels"),
        .systemLibrary(name: "CYAML"),
        .target(name: "KernelsAVX2", dependencies: ["CKernels"], swiftSettings: wideKernels),
        .target(
            name: "Views",
            dependencies: ["CCodecs", "CKernels", "CYAML", "Files", "KernelsAVX2"],
            resources: [.embedInCode("Presets")]),
        // The C interface over Views: its header, and the Swift target that implements it.
        .target(name: "CDiptych"),
        .target(name: "DiptychLibrary", dependencies: ["CDiptych", "Views"]),
        // Optimised in debug builds too: otherwise a test that computes a large loss takes minutes.
        .target(name: "CCompute", cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "CTorch",
            dependencies: ["CCompute"],
            cxxSettings: [.unsafeFlags(torchIncludes)] + backends,
            linkerSettings: [.unsafeFlags(torchLinks)] + ownGloo),
        .target(name: "Torch", dependencies: ["CTorch", "Files"]),
        .systemLibrary(name: "COpenSSL"),
        .target(
            name: "Contrast",
            dependencies: [
                "Files", "Text", "Torch", "Views", .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .target(name: "COpenSSL", condition: .when(platforms: [.linux])),
            ],
            exclude: ["Export/onnx.proto", "TensorBoard/event.proto"],
            linkerSettings: [.linkedLibrary(libcrypto, .when(platforms: [.linux]))]),
        .target(
            name: "Commands",
            dependencies: ["Files", "Views", .product(name: "ArgumentParser", package: "swift-argument-parser")]),
        .executableTarget(name: "diptych", dependencies: ["Commands"]),
        .executableTarget(name: "diptych-torch", dependencies: ["Commands", "Contrast"]),
        .testTarget(name: "FilesTests", dependencies: ["Files"], exclude: ["Fixtures"]),
        .testTarget(name: "TextTests", dependencies: ["Text"], exclude: ["Fixtures"]),
        .testTarget(name: "ViewsTests", dependencies: ["Views"], exclude: ["Fixtures"]),
        .testTarget(name: "TorchTests", dependencies: ["Torch"], exclude: ["Fixtures"]),
        .testTarget(name: "ContrastTests", dependencies: ["Contrast"], exclude: ["Fixtures"]),
        .testTarget(name: "CommandTests", dependencies: ["Commands", "diptych", "diptych-torch"]),
        .testTarget(name: "JourneyTests", dependencies: ["Views", "diptych", "diptych-torch"], exclude: ["README.md"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
