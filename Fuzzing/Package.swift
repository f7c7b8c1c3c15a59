// swift-tools-version: 6.1
import PackageDescription

// Built by `make fuzz`, which passes the instrumentation and libFuzzer's library.
let package = Package(
    name: "Fuzzing",
    dependencies: [.package(name: "diptych", path: "..")],
    targets: [
        .target(name: "CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: [
                "CFuzzer", .product(name: "DiptychLibrary", package: "diptych"),
                .product(name: "Text", package: "diptych"), .product(name: "Views", package: "diptych"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
