// swift-tools-version: 6.2
import PackageDescription

/// One list for every Swift target: Swift 6 mode, no warnings, explicit existentials, imports that are private unless said otherwise.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], resources: resources,
        swiftSettings: swiftSettings)
}

let package = Package(
    name: "gif2video",
    products: [
        .executable(name: "gif2video", targets: ["gif2video"]),
        .executable(name: "gif2videod", targets: ["gif2videod"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // The system's libraries.
        .systemLibrary(name: "CGcrypt", pkgConfig: "libgcrypt", providers: [.apt(["libgcrypt20-dev"])]),
        .systemLibrary(name: "CGIF", pkgConfig: "libgif", providers: [.apt(["libgif-dev"])]),
        .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CV4L2", pkgConfig: "libv4l2", providers: [.apt(["libv4l-dev"])]),
        .target(name: "CLinux"),
        // A variable, which the Makefile sets: what a manifest asks of git is not asked again before the manifest changes.
        .target(
            name: "CVersion",
            cSettings: (Context.environment["GIF2VIDEO_COMMIT"] ?? "").isEmpty
                ? [] : [.define("GIF2VIDEO_COMMIT", to: "\"\(Context.environment["GIF2VIDEO_COMMIT"] ?? "")\"")]),
        // Debug builds would take seconds for what release builds do in milliseconds.
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),

        // The house, in the order in which the data walks through it (docs/architecture.md).
        library("Threads", ["CLinux"]),
        library("Filesystem", ["CLinux"]),
        library("Media", []),
        library("GIFDecoding", ["Media", "CGIF"]),
        library("PixelKernels", ["CKernels", "Threads"]),
        library("Inference", ["PixelKernels", "CKernels", "COpenBLAS", "Threads"]),
        library("Restoration", ["Inference", "PixelKernels", "Media", "Threads", "CKernels"]),
        library("Output", ["PixelKernels", "Media", "Filesystem", "Threads", "CKernels", "CPNG", "CLinux"]),
        library("Camera", ["Output", "PixelKernels", "Media", "Threads", "CKernels", "CV4L2", "CLinux"]),
        library("Pipeline", ["GIFDecoding", "Restoration", "Output", "Media", "Threads"]),

        // The daemon around it: what it is told, how it is talked to, what it does.
        library("Configuration", ["Camera", "Restoration", "Output", "GIFDecoding", "Media", "Filesystem"]),
        .target(
            name: "Control", dependencies: ["Threads", "CLinux"],
            resources: [.embedInCode("io.gif2video.Control.varlink")],
            swiftSettings: swiftSettings),
        library(
            "Service",
            [
                "Configuration", "Control", "Camera", "Pipeline", "GIFDecoding", "Restoration", "Inference", "Output",
                "Media",
                "Filesystem", "Threads", "CGcrypt", "CLinux", "CSystemd", "CVersion",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),

        // The programs.
        library("Startup", ["Inference", "CLinux"]),
        .executableTarget(
            name: "gif2video",
            dependencies: [
                "Camera", "Pipeline", "GIFDecoding", "Restoration", "Inference", "Output", "Media", "Threads",
                "Startup",
                "Control", "Filesystem", "CLinux", "CVersion",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "gif2videod",
            dependencies: [
                "Service", "Configuration", "Filesystem", "Startup", "CLinux",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings),

        // `make bench`; not installed.
        .target(name: "CPeak", path: "Benchmarks/CPeak"),
        .executableTarget(
            name: "Benchmarks", dependencies: ["Restoration", "Inference", "PixelKernels", "Threads", "CPeak"],
            path: "Benchmarks/Benchmarks",
            swiftSettings: swiftSettings),

        // Tests: one folder per module, shared helpers, and the program as its users run it.
        .target(
            name: "TestSupport", dependencies: ["Media", "Inference", "PixelKernels"], path: "Tests/TestSupport",
            swiftSettings: swiftSettings),
        // Counts what the program that it is linked into allocates.
        .target(name: "CAllocations", path: "Tests/CAllocations"),
        tests("Threads", ["Threads"]),
        tests("Media", ["Media"]),
        tests("Filesystem", ["Filesystem"]),
        tests("GIFDecoding", ["GIFDecoding", "Media"]),
        // Every kernel once more in plain loops, which the tests compare all levels with.
        .target(
            name: "CScalarKernels", dependencies: ["CKernels"], path: "Tests/CScalarKernels",
            cSettings: [.unsafeFlags(["-O2"], .when(configuration: .debug))]),
        tests("PixelKernels", ["PixelKernels", "CKernels", "CScalarKernels", "Threads"]),
        tests(
            "Inference", ["Inference", "PixelKernels", "CKernels", "Threads", "CAllocations"],
            resources: [.copy("Fixtures")]),
        tests(
            "Restoration", ["Restoration", "Inference", "PixelKernels", "Media", "Threads"],
            resources: [.copy("Fixtures")]),
        tests("Output", ["Output", "PixelKernels", "Media", "Filesystem", "Threads"]),
        tests("Camera", ["Camera", "PixelKernels", "Output", "Media", "Threads"]),
        tests("Pipeline", ["Pipeline", "GIFDecoding", "Restoration", "Output", "Media"]),
        tests(
            "Configuration",
            ["Configuration", "Camera", "Restoration", "Output", "Media", "Filesystem", "FuzzTargets"]),
        tests("Control", ["Control", "CLinux", "Threads"]),
        tests(
            "Service",
            [
                "Service", "Configuration", "Control", "Filesystem", "Output", "Threads", "CLinux",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        tests("EndToEnd", ["Filesystem", "Media", "gif2video", "gif2videod"]),
        // For libFuzzer (`make fuzz`), and the tests that replay it.
        .target(
            name: "FuzzTargets",
            dependencies: ["GIFDecoding", "Inference", "Control", "Configuration", "Media", "CLinux", "TestSupport"],
            path: "Tests/FuzzTargets", swiftSettings: swiftSettings),
        .target(name: "CFuzzer", path: "Tests/CFuzzer"),
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets", "CFuzzer"], path: "Tests/Fuzz", swiftSettings: swiftSettings),
        tests("Fuzz", ["FuzzTargets"]),
    ]
)
