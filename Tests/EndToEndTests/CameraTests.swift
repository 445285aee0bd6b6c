import Foundation
import Media
import TestSupport
import Testing

/// The camera as its users run it, on devices that Tests/FakeCamera makes of files.
@Suite(.serialized) struct CameraTests {
    private static let size = 48 * 32 * 3

    /// The pictures that `filter` makes from a GIF for a camera of 48x32.
    private func filtered(_ gif: [UInt8], _ options: [String]) throws -> [[UInt8]] {
        let made = try Tool.run(
            Tool.gif2video, ["filter", "--format", "rgb24", "--size", "48x32"] + options, input: gif)
        try #require(made.status == 0, "\(made.errors)")
        return FakeCamera.pictures(made.output, Self.size)
    }

    /// Without repetitions.
    private func distinct(_ pictures: [[UInt8]]) -> [[UInt8]] {
        pictures.indices.filter { $0 == 0 || pictures[$0] != pictures[$0 - 1] }.map { pictures[$0] }
    }

    /// Whether `some` are among `all` in that order.
    private func isSubsequence(_ some: [[UInt8]], of all: [[UInt8]]) -> Bool {
        var rest = all[...]
        for picture in some {
            guard let at = rest.firstIndex(of: picture) else { return false }
            rest = rest[(at + 1)...]
        }
        return true
    }

    /// The restored pictures, byte by byte, after the card, past libv4l2 where that refuses the device.
    @Test(arguments: [false, true])
    func aGIFWithoutADaemon(refused: Bool) throws {
        let device = try FakeCamera()
        try device.plug()
        if refused { device.environment["FAKE_CAMERA_REFUSES"] = "1" }
        let gif = ExampleGIF.drifting(delays: [12, 12, 12])
        let file = try device.folder.write(gif, to: "in.gif")
        let run = try Tool.run(
            Tool.gif2video,
            ["camera", device.path, "--once", "--size", "48x32", "--pixels", "rgb24", "--rate", "25", file],
            environment: device.environment)
        #expect(run.status == 0, "\(run.errors)")
        let open = refused ? ["refused"] : ["open"]
        #expect(device.calls == ["caps"] + open + ["caps", "caps", "format 48x32 RGB3", "rate 25/1", "on", "close"])
        let expected = distinct(try filtered(gif, ["--rate", "25"]))
        let shown = distinct(device.pictures(Self.size))
        #expect(isSubsequence(Array(shown.dropFirst()), of: expected))
        #expect(shown.last == expected.last)
        // A machine that was busy elsewhere for a period may have passed one over.
        if run.errors.contains(" 0 missed") && run.errors.contains(" 0 of them") {
            #expect(Array(shown.dropFirst()) == expected)
        }
        #expect(run.errors.contains("pictures shown"), "\(run.errors)")
    }

    /// Art of few colors on a camera of twice its size: squares of pixels, unless it is to be smooth.
    @Test(arguments: [nil, "nearest", "smooth"]) func aCameraScalesAsItIsTold(scaler: String?) throws {
        let device = try FakeCamera()
        try device.plug()
        let gif = GIFWriter.gif(
            width: 24, height: 16, palette: [255, 0, 0, 0, 0, 255],
            images: [
                GIFImage(width: 24, height: 16, indices: (0..<24 * 16).map { UInt8($0 % 3 / 2) })
                    .with { $0.delay = 40 }
            ])
        let file = try device.folder.write(gif, to: "in.gif")
        let options = ["--profile", "none", "--rate", "25"] + (scaler.map { ["--scaler", $0] } ?? [])
        let run = try Tool.run(
            Tool.gif2video,
            ["camera", device.path, "--once", "--size", "48x32", "--pixels", "rgb24", file] + options,
            environment: device.environment)
        #expect(run.status == 0, "\(run.errors)")
        let shown = try #require(device.pictures(Self.size).last)
        #expect(try shown == filtered(gif, options).last)
        let isExact = (0..<32 * 48).allSatisfy { pixel in
            Array(shown[3 * pixel..<3 * pixel + 3]) == (pixel % 48 / 2 % 3 < 2 ? [255, 0, 0] : [0, 0, 255])
        }
        #expect(isExact == (scaler != "smooth"))
    }

    /// Signals end it as if it were done: the device is closed, and what was counted is said.
    /// SIGINT may be ignored where tests run in the background.
    @Test(arguments: [SIGHUP, SIGTERM])
    func isEndedBySignals(signal: Int32) throws {
        let device = try FakeCamera()
        try device.plug()
        let file = try device.folder.write(ExampleGIF.drifting(delays: [8, 8]), to: "in.gif")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Tool.gif2video)
        process.arguments = ["camera", device.path, "--size", "48x32", "--pixels", "rgb24", "--profile", "none", file]
        process.environment = ProcessInfo.processInfo.environment.merging(device.environment) { $1 }
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        for _ in 0..<600 where Set(device.pictures(Self.size)).count < 3 { usleep(100_000) }
        kill(process.processIdentifier, signal)
        for _ in 0..<300 where process.isRunning { usleep(100_000) }
        let ends = !process.isRunning
        if !ends { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        #expect(ends)
        let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationReason == .exit && process.terminationStatus == 0, "\(words)")
        #expect(words.contains("pictures shown"), "\(words)")
        #expect(device.calls.last == "close")
    }

    @Test func errorsOfTheCommand() throws {
        let device = try FakeCamera()
        let file = try device.folder.write(ExampleGIF.drifting(delays: [4]), to: "in.gif")
        func camera(_ arguments: String...) throws -> Tool.Result {
            try Tool.run(Tool.gif2video, ["camera"] + arguments)
        }
        let missing = try camera("/dev/video77", file)
        #expect(missing.status == 2)
        #expect(missing.errors.contains("modprobe v4l2loopback") && missing.errors.contains("video_nr=77"))
        let label = try camera("No Such Card", file)
        #expect(label.status == 2)
        #expect(label.errors.contains("card_label=\"No Such Card\""))
        try device.plug()
        let plain = try camera(device.path, file)
        #expect(plain.status == 2)
        #expect(plain.errors.contains("is no video device"), "\(plain.errors)")
        #expect(try camera(device.path, "/nowhere.gif").errors.contains("/nowhere.gif"))
        #expect(try camera(device.path, file, "--size", "641x480").status == 64)
        #expect(try camera(device.path, file, "--rate", "2x").status == 64)
        #expect(try camera(device.path, file, "--background", "transparent").status == 64)
    }

    private func daemon(_ device: FakeCamera) throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            """
            [[stream]]
            name = "cam"
            source = "submitted"
            sink = "camera"
            device = "\(device.path)"
            pixels = "rgb24"
            size = "48x32"
            rate = "25"
            profile = "none"
            """, environment: device.environment)
        try FileManager.default.createDirectory(atPath: daemon.state, withIntermediateDirectories: true)
        return daemon
    }

    private func statistics(_ daemon: DaemonProcess) throws -> [String: Any] {
        let reply = try daemon.command("stats", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(reply.output)) as? [String: Any]
        let streams = object?["streams"] as? [[String: Any]]
        return try #require(streams?.first { $0["stream"] as? String == "cam" })
    }

    /// The device comes late, goes and comes back; GIFs are played in turn, at once and in a loop; the daemon is killed.
    @Test func aDaemonsCamera() throws {
        let device = try FakeCamera()
        let daemon = try daemon(device)
        let gifs = [
            ExampleGIF.drifting(delays: [8, 8, 8]), ExampleGIF.drifting(width: 32, height: 32, delays: [8, 8]),
        ]
        let files = try gifs.enumerated().map { try daemon.folder.write($1, to: "\($0).gif") }
        let expected = try gifs.map { Set(try filtered($0, ["--rate", "25", "--profile", "none"])) }
        func shown(_ gif: Int) -> Bool { expected[gif].isSubset(of: device.pictures(Self.size)) }
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("it says what to do") {
            String(decoding: try daemon.command("streams").output, as: UTF8.self).contains("modprobe")
        }
        #expect(daemon.log.contains("modprobe"))
        #expect(try daemon.command("play", "--stream", "cam", "--loop", files[0]).status == 0)
        try device.plug()
        try daemon.waitUntil("the first GIF") { shown(0) }
        #expect(device.calls == ["caps", "open", "caps", "caps", "format 48x32 RGB3", "rate 25/1", "on"])
        // After the loop that is shown; the last picture stays.
        #expect(try daemon.command("play", "--stream", "cam", files[1]).status == 0)
        try daemon.waitUntil("the second GIF") { shown(1) }
        try daemon.waitUntil("its last picture stays") {
            device.pictures(Self.size).suffix(10).allSatisfy(expected[1].contains)
        }
        // At once, in the midst of a loop.
        #expect(try daemon.command("play", "--stream", "cam", "--loop", files[0]).status == 0)
        try daemon.waitUntil("the first again") { device.pictures(Self.size).last.map(expected[0].contains) ?? false }
        #expect(try daemon.command("play", "--stream", "cam", "--now", "--loop", files[1]).status == 0)
        try daemon.waitUntil("the second at once") {
            device.pictures(Self.size).suffix(5).allSatisfy(expected[1].contains)
        }
        // Gone for a while.
        try device.unplug()
        try daemon.waitUntil("it is missed") { daemon.log.contains("No such device") }
        let before = device.pictures(Self.size).count
        try device.plug()
        try daemon.waitUntil("it is back") { device.pictures(Self.size).count > before + 25 }
        #expect(device.pictures(Self.size).suffix(5).allSatisfy(expected[1].contains))
        let numbers = try statistics(daemon)
        #expect(try #require(numbers["missed"] as? Int) > 0)
        #expect(numbers["repeats"] is Int && numbers["degradations"] is Int)
        let table = String(decoding: try daemon.command("stats").output, as: UTF8.self)
        #expect(table.contains("DEGRADED") && table.contains("REPEATED") && table.contains("MISSED"))
        // A camera keeps its rate.
        #expect(try daemon.command("set", "cam", "--rate", "10").status != 0)
        // The lock on the device goes with whoever had it.
        daemon.kill9()
        let killed = device.pictures(Self.size).count
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("it shows again") { device.pictures(Self.size).count > killed + 10 }
        #expect(daemon.stop() == 0)
        #expect(device.calls.last == "close")
    }

    /// Two writers would show their pictures in turn.
    @Test func aSecondWriterIsRefused() throws {
        let device = try FakeCamera()
        try device.plug()
        let daemon = try daemon(device)
        try daemon.start()
        try daemon.waitUntilReady()
        try daemon.waitUntil("it shows its card") { !device.pictures(Self.size).isEmpty }
        let file = try device.folder.write(ExampleGIF.drifting(delays: [4]), to: "in.gif")
        let second = try Tool.run(
            Tool.gif2video, ["camera", device.path, "--once", "--size", "48x32", file], environment: device.environment)
        #expect(second.status == 2)
        #expect(second.errors.contains("another program writes to it"), "\(second.errors)")
        #expect(daemon.stop() == 0)
    }
}
