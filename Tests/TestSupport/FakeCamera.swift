import Foundation
import Testing

/// A camera of a file (Tests/FakeCamera), for programs that are started with its environment, and what it got.
public final class FakeCamera {
    public let folder: TemporaryFolder
    /// For the program: preloads the library.
    public var environment: [String: String]

    /// Compiles the library; the device is not there yet.
    public init() throws {
        folder = try TemporaryFolder()
        let library = folder.path("fake-camera.so")
        let source = Tool.root.appendingPathComponent("Tests/FakeCamera/fake-camera.c").path
        let made = try Tool.run(
            "cc", ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-O2", source, "-o", library])
        try #require(made.status == 0, "\(made.errors)")
        environment = [
            "LD_PRELOAD": library, "FAKE_CAMERA_LOG": folder.path("log"),
            "FAKE_CAMERA_PICTURES": folder.path("pictures"),
        ]
    }

    /// The device's.
    public var path: String { folder.path("video7") }

    public func plug() throws {
        _ = try folder.write([], to: "video7")
    }

    public func unplug() throws {
        try FileManager.default.removeItem(atPath: path)
    }

    /// The calls as the library writes them down.
    public var log: [String] {
        let text = (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// The calls in order, pictures left out.
    public var calls: [String] { log.filter { !$0.hasPrefix("picture") } }

    /// The pictures of so many bytes that it got.
    public func pictures(_ size: Int) -> [[UInt8]] { Self.pictures((try? folder.read("pictures")) ?? [], size) }

    /// Bytes in pieces of one size, without a broken one at the end.
    public static func pictures(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count - size + 1, by: size).map { Array(bytes[$0..<$0 + size]) }
    }
}
