// swift-tools-version: 6.1
import PackageDescription

// The kernels are compiled twice from the same files: for any x86-64 here, for AVX2 and FMA in KernelsAVX2
// (its folder is a link). Views chooses between the two at run time. Other processors need only the first.
#if arch(x86_64)
let wideKernels: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=x86-64-v3"])]
#else
let wideKernels: [SwiftSetting] = []
#endif

let package = Package(
    name: "diptych",
    products: [
        .library(name: "Views", targets: ["Views"])
    ],
    dependencies: [
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2")
    ],
    targets: [
        .target(name: "Files"),
        .target(
            name: "CCodecs",
            linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png")]),
        .target(name: "CKernels"),
        .target(name: "KernelsAVX2", dependencies: ["CKernels"], swiftSettings: wideKernels),
        .target(
            name: "Views",
            dependencies: ["CCodecs", "CKernels", "Files", "KernelsAVX2", .product(name: "Yams", package: "Yams")]),
        .executableTarget(name: "views-bench", dependencies: ["Views"], path: "Benchmarks/views/Sources"),
        .testTarget(name: "FilesTests", dependencies: ["Files"]),
        .testTarget(name: "ViewsTests", dependencies: ["Views"], exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
