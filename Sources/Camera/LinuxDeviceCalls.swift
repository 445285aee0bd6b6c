import CV4L2
import Glibc
public import Media

/// The real calls, through libv4l2.
public struct LinuxDeviceCalls: DeviceCalls {
    private static let quiet: Void = cv4l2_be_quiet()

    public init() {
        Self.quiet
    }

    private func check(_ call: String, _ status: Int32) throws(SystemFailure) {
        if status < 0 { throw SystemFailure(call, errno) }
    }

    public func open(_ path: String) throws(SystemFailure) -> Int32 {
        let descriptor = cv4l2_open(path)
        try check("open", descriptor)
        return descriptor
    }

    public func close(_ descriptor: Int32) {
        v4l2_close(descriptor)
    }

    public func lock(_ descriptor: Int32) throws(SystemFailure) {
        try check("flock", cv4l2_lock(descriptor))
    }

    public func capabilities(_ descriptor: Int32) throws(SystemFailure) -> DeviceCapabilities {
        var flags: UInt32 = 0
        var driver = [CChar](repeating: 0, count: 17)
        var card = [CChar](repeating: 0, count: 33)
        try check("VIDIOC_QUERYCAP", cv4l2_capabilities(descriptor, &flags, &driver, &card))
        return DeviceCapabilities(
            driver: Self.text(driver),
            canCapture: flags & UInt32(V4L2_CAP_VIDEO_CAPTURE) != 0,
            canOutput: flags & UInt32(V4L2_CAP_VIDEO_OUTPUT) != 0)
    }

    public func setFormat(_ descriptor: Int32, _ format: CameraFormat) throws(SystemFailure) -> DeviceFormat {
        var (width, height) = (UInt32(format.size.width), UInt32(format.size.height))
        var fourcc = format.pixels.fourcc
        let line = UInt32(format.pixels.bytesPerLine(format.size.width))
        let colors = format.pixels == .rgb24 ? V4L2_COLORSPACE_SRGB : V4L2_COLORSPACE_SMPTE170M
        try check(
            "VIDIOC_S_FMT",
            cv4l2_set_format(
                descriptor, &width, &height, &fourcc, line, UInt32(format.pixels.bytes(format.size)), colors.rawValue))
        return DeviceFormat(size: PixelSize(width: Int(width), height: Int(height)), fourcc: fourcc)
    }

    public func setRate(_ descriptor: Int32, _ rate: Rational) throws(SystemFailure) -> Rational? {
        guard var numerator = UInt32(exactly: rate.denominator), var denominator = UInt32(exactly: rate.numerator)
        else {
            return nil
        }
        try check("VIDIOC_S_PARM", cv4l2_set_period(descriptor, &numerator, &denominator))
        return numerator > 0 ? Rational(Int(denominator), Int(numerator)) : nil
    }

    public func streamOn(_ descriptor: Int32) throws(SystemFailure) {
        try check("VIDIOC_STREAMON", cv4l2_stream_on(descriptor))
    }

    public func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemFailure) -> Int {
        let count = v4l2_write(descriptor, bytes, bytes.count)
        if count < 0 { throw SystemFailure("write", errno) }
        return count
    }

    public func labels() -> [(path: String, label: String)] {
        let folder = "/sys/class/video4linux"
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var found: [(path: String, label: String)] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("video"), let label = Self.line("\(folder)/\(name)/name") else { continue }
            found.append(("/dev/\(name)", label))
        }
        return found.sorted { $0.path < $1.path }
    }

    /// The first line of a small file.
    private static func line(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 256)
        guard fgets(&buffer, 256, file) != nil else { return nil }
        return text(buffer)
    }

    /// Up to the end of the line.
    private static func text(_ characters: [CChar]) -> String {
        let bytes = characters.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
