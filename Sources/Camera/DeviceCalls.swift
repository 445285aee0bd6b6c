public import Media

/// The system calls of a camera: `LinuxDeviceCalls` makes them on Linux, tests have their own. One thread at a time for a
/// descriptor.
public protocol DeviceCalls: Sendable {
    /// Opens a device for writing, without waiting; ENOTTY: it is no video device.
    func open(_ path: String) throws(SystemFailure) -> Int32
    func close(_ descriptor: Int32)
    /// Locks the device against other writers of ours, for as long as the descriptor is open.
    func lock(_ descriptor: Int32) throws(SystemFailure)
    func capabilities(_ descriptor: Int32) throws(SystemFailure) -> DeviceCapabilities
    /// Sets the output's format; returns what the device made of it.
    func setFormat(_ descriptor: Int32, _ format: CameraFormat) throws(SystemFailure) -> DeviceFormat
    /// Sets the output's pictures per second; returns what the device made of it, nil for nothing usable.
    func setRate(_ descriptor: Int32, _ rate: Rational) throws(SystemFailure) -> Rational?
    func streamOn(_ descriptor: Int32) throws(SystemFailure)
    /// - Returns: how many bytes the device took.
    func write(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemFailure) -> Int
    /// Card labels by path, of all video devices.
    func labels() -> [(path: String, label: String)]
}

/// A system call that failed.
public struct SystemFailure: Error, Equatable {
    public let call: String
    /// errno
    public let code: Int32

    public init(_ call: String, _ code: Int32) {
        self.call = call
        self.code = code
    }
}

/// The answer of VIDIOC_QUERYCAP.
public struct DeviceCapabilities: Equatable, Sendable {
    public var driver: String
    public var canCapture: Bool
    public var canOutput: Bool

    public init(driver: String, canCapture: Bool, canOutput: Bool) {
        self.driver = driver
        self.canCapture = canCapture
        self.canOutput = canOutput
    }

    var isLoopback: Bool { driver.hasPrefix("v4l2 loopback") || driver.hasPrefix("v4l2loopback") }
}

/// The format that VIDIOC_S_FMT set.
public struct DeviceFormat: Equatable, Sendable, CustomStringConvertible {
    public var size: PixelSize
    public var fourcc: UInt32

    public init(size: PixelSize, fourcc: UInt32) {
        self.size = size
        self.fourcc = fourcc
    }

    public var description: String {
        let name = (0..<4).map { shift in
            let byte = UInt8(truncatingIfNeeded: fourcc >> (8 * UInt32(shift)))
            return (33...126).contains(byte) ? String(UnicodeScalar(byte)) : "?"
        }
        return "\(size) \(name.joined())"
    }
}
