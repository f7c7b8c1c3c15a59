// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "ViewPairs",
    dependencies: [.package(name: "diptych", path: "../..")],
    targets: [
        .executableTarget(name: "ViewPairs", dependencies: [.product(name: "Views", package: "diptych")])
    ],
    swiftLanguageModes: [.v6]
)
