// swift-tools-version: 6.1
import PackageDescription

// Built by `make bench-losses`.
let package = Package(
    name: "bench-loss",
    dependencies: [
        .package(name: "diptych", path: "../.."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    ],
    targets: [
        .executableTarget(
            name: "bench-loss",
            dependencies: [
                .product(name: "Contrast", package: "diptych"), .product(name: "Torch", package: "diptych"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
