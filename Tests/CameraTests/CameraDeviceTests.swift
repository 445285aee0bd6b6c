import Glibc
import Media
import Testing
import Threads

@testable import Camera

@Suite struct CameraDeviceTests {
    private static let format = CameraFormat(
        size: PixelSize(width: 4, height: 2), rate: Rational(30), pixels: .yuyv)

    private func open(_ device: String, _ fake: FakeDevice, _ format: CameraFormat = format) throws -> CameraDevice {
        try CameraDevice(device, format, fake)
    }

    private func fake(_ change: (inout FakeDevice.State) -> Void) -> FakeDevice {
        let fake = FakeDevice()
        fake.state.withLock { change(&$0) }
        return fake
    }

    @Test(arguments: ["/dev/video7", "GIF2Video"])
    func pathOrLabel(device: String) throws {
        let fake = FakeDevice()
        do {
            let camera = try open(device, fake)
            #expect(camera.path == "/dev/video7")
            #expect(try camera.write([UInt8](repeating: 1, count: 16)))
        }
        let state = fake.state.withLock { $0 }
        #expect(state.written == [[UInt8](repeating: 1, count: 16)])
        #expect(state.open.isEmpty)
        // STREAMON comes before the first write.
        #expect(
            state.calls == [
                "open", "VIDIOC_QUERYCAP", "VIDIOC_QUERYCAP", "flock", "VIDIOC_S_FMT", "VIDIOC_S_PARM",
                "VIDIOC_STREAMON", "write",
            ])
    }

    /// Newer modules refuse STREAMON without buffers.
    @Test func streamOnMayFail() throws {
        _ = try open("/dev/video7", fake { $0.failures["VIDIOC_STREAMON"] = EINVAL })
    }

    @Test func errorsSayWhatToDo() throws {
        let cases: [(String, FakeDevice, CameraError, String)] = [
            (
                "/dev/video9", FakeDevice(), .missing(device: "/dev/video9"),
                "modprobe v4l2loopback exclusive_caps=1 card_label=GIF2Video video_nr=9"
            ),
            ("Other", FakeDevice(), .missing(device: "Other"), "card_label=\"Other\""),
            (
                "/dev/video7", fake { $0.failures["open"] = EACCES }, .noPermission(device: "/dev/video7"),
                "usermod -aG video"
            ),
            ("/dev/video7", fake { $0.failures["open"] = EBUSY }, .busy(device: "/dev/video7"), "fuser"),
            (
                "/dev/video7", fake { $0.failures["flock"] = EWOULDBLOCK }, .busy(device: "/dev/video7"),
                "another program"
            ),
            (
                "/dev/video7",
                fake {
                    $0.canOutput = false
                    $0.canCapture = true
                }, .busy(device: "/dev/video7"), "another program"
            ),
            (
                "/dev/video7",
                fake {
                    $0.driver = "uvcvideo"
                    $0.canOutput = false
                    $0.canCapture = true
                }, .notOutput(device: "/dev/video7", driver: "uvcvideo"), "modprobe v4l2loopback"
            ),
            (
                "/dev/video7", fake { $0.failures["open"] = ENOTTY }, .notVideo(device: "/dev/video7"),
                "no video device"
            ),
            (
                "/dev/video7",
                fake {
                    $0.isStuck = true
                    $0.heals = false
                }, .stuck(device: "/dev/video7"), "modprobe -r v4l2loopback"
            ),
            (
                "/dev/video7", fake { $0.failures["VIDIOC_S_FMT"] = EIO },
                .system(device: "/dev/video7", call: "VIDIOC_S_FMT", errno: EIO), "Input/output error"
            ),
        ]
        for (device, fake, expected, words) in cases {
            let error = #expect(throws: CameraError.self) { try open(device, fake) }
            #expect(error == expected)
            #expect("\(expected)".contains(words), "\(expected)")
            #expect(fake.state.withLock { $0.open.isEmpty })
        }
    }

    /// 0.12.7 takes BGR4 for what it does not know, and clamps sizes.
    @Test func whatTheDeviceMakesOfItIsChecked() throws {
        let substituted = fake {
            $0.offered = DeviceFormat(size: Self.format.size, fourcc: 0x3452_4742)
        }
        let error = #expect(throws: CameraError.self) { try open("GIF2Video", substituted) }
        #expect(error == .refused(device: "/dev/video7", wanted: "4x2 YUYV", offered: "4x2 BGR4"))
        let clamped = fake {
            $0.offered = DeviceFormat(size: PixelSize(width: 2, height: 2), fourcc: CameraPixels.yuyv.fourcc)
        }
        #expect(throws: CameraError.self) { try open("GIF2Video", clamped) }
        let slow = fake { $0.offeredRate = Rational(25) }
        #expect(throws: CameraError.self) { try open("GIF2Video", slow) }
    }

    @Test func aDeviceThatAWriterLeftStuckRecovers() throws {
        let fake = fake { $0.isStuck = true }
        let camera = try open("/dev/video7", fake)
        #expect(try camera.write([UInt8](repeating: 0, count: 16)))
        #expect(
            fake.state.withLock { Array($0.calls.prefix(4)) }
                == ["open", "VIDIOC_QUERYCAP", "VIDIOC_STREAMON", "open"])
    }

    @Test func aSecondWriterOfOursIsRefused() throws {
        let fake = FakeDevice()
        let first = try open("/dev/video7", fake)
        #expect(throws: CameraError.busy(device: "/dev/video7")) { try open("/dev/video7", fake) }
        #expect(try first.write([UInt8](repeating: 0, count: 16)))
    }

    @Test func aDeviceThatIsFullOrGone() throws {
        let fake = FakeDevice()
        let camera = try open("/dev/video7", fake)
        fake.state.withLock { $0.failures["write"] = EAGAIN }
        #expect(try !camera.write([UInt8](repeating: 0, count: 16)))
        fake.state.withLock { $0.failures["write"] = ENODEV }
        #expect(throws: CameraError.system(device: "/dev/video7", call: "write", errno: ENODEV)) {
            try camera.write([UInt8](repeating: 0, count: 16))
        }
    }

    @Test(arguments: [(CameraPixels.yuyv, 16, 8), (.yu12, 12, 4), (.nv12, 12, 4), (.rgb24, 24, 12)])
    func sizes(pixels: CameraPixels, bytes: Int, line: Int) {
        #expect(pixels.bytes(PixelSize(width: 4, height: 2)) == bytes)
        #expect(pixels.bytesPerLine(4) == line)
        #expect(!CameraFormat.isUsable(PixelSize(width: 3, height: 2)))
        #expect(!CameraFormat.isUsable(PixelSize(width: 8194, height: 2)))
        #expect(CameraFormat.isUsable(PixelSize(width: 8192, height: 2)))
    }
}
