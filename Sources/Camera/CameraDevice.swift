import Glibc

/// An open device that takes pictures of one format. One thread at a time.
final class CameraDevice {
    /// The device node.
    let path: String
    private let calls: any DeviceCalls
    private let descriptor: Int32
    private let size: Int

    /// Finds, opens, locks and sets up a device.
    /// - Parameter device: a path, or a card's label.
    /// - Throws: `CameraError`.
    init(_ device: String, _ format: CameraFormat, _ calls: any DeviceCalls) throws(CameraError) {
        self.calls = calls
        let path = try Self.find(device, calls)
        self.path = path
        size = format.pixels.bytes(format.size)
        descriptor = try Self.explaining(path) { () throws(SystemFailure) in try Self.openForOutput(path, calls) }
        // Closed with this object where that fails.
        try setUp(format)
    }

    deinit {
        calls.close(descriptor)
    }

    /// Shows a picture of the device's format.
    /// - Returns: false when the device cannot take one now.
    /// - Throws: `CameraError` when the device has gone.
    func write(_ picture: [UInt8]) throws(CameraError) -> Bool {
        precondition(picture.count == size, "\(picture.count) bytes for pictures of \(size)")
        do throws(SystemFailure) {
            let count = try calls.write(descriptor, picture)
            guard count == size else { throw SystemFailure("write (\(count) of \(size) bytes)", EIO) }
            return true
        } catch {
            if [EAGAIN, EINTR].contains(error.code) { return false }
            throw CameraError.system(device: path, call: error.call, errno: error.code)
        }
    }

    private static func find(_ device: String, _ calls: any DeviceCalls) throws(CameraError) -> String {
        if device.hasPrefix("/") { return device }
        guard let found = calls.labels().first(where: { $0.label == device }) else {
            throw CameraError.missing(device: device)
        }
        return found.path
    }

    /// v4l2loopback 0.12.7 with exclusive_caps forgets what it is when a writer ends that never said STREAMON: neither
    /// camera nor output, and no format is taken. After a STREAMON that fails, the next process that opens it finds an output.
    private static func openForOutput(_ path: String, _ calls: any DeviceCalls) throws(SystemFailure) -> Int32 {
        let descriptor = try calls.open(path)
        guard let found = try? calls.capabilities(descriptor), !found.canOutput, !found.canCapture else {
            return descriptor
        }
        try? calls.streamOn(descriptor)
        calls.close(descriptor)
        return try calls.open(path)
    }

    private func setUp(_ format: CameraFormat) throws(CameraError) {
        let found = try asking { () throws(SystemFailure) in try calls.capabilities(descriptor) }
        guard found.canOutput else {
            guard found.isLoopback else { throw CameraError.notOutput(device: path, driver: found.driver) }
            throw found.canCapture ? CameraError.busy(device: path) : CameraError.stuck(device: path)
        }
        // The driver lets two programs write in turn.
        try asking { () throws(SystemFailure) in try calls.lock(descriptor) }
        let wanted = DeviceFormat(size: format.size, fourcc: format.pixels.fourcc)
        let taken = try asking { () throws(SystemFailure) in try calls.setFormat(descriptor, format) }
        guard taken == wanted else {
            throw CameraError.refused(device: path, wanted: "\(wanted)", offered: "\(taken)")
        }
        let rate = try asking { () throws(SystemFailure) in try calls.setRate(descriptor, format.rate) }
        guard rate == format.rate else {
            throw CameraError.refused(
                device: path, wanted: "\(format.rate) pictures/s", offered: rate.map { "\($0)" } ?? "none")
        }
        // For 0.12.7's sake, so that it is an output again when we end; others refuse it without buffers.
        try? calls.streamOn(descriptor)
    }

    private func asking<R>(_ call: () throws(SystemFailure) -> R) throws(CameraError) -> R {
        try Self.explaining(path, call)
    }

    /// Runs system calls; what fails is told in the camera's terms.
    private static func explaining<R>(_ path: String, _ call: () throws(SystemFailure) -> R) throws(CameraError) -> R {
        do {
            return try call()
        } catch {
            switch (error.call, error.code) {
            case ("open", ENOENT), ("open", ENODEV), ("open", ENXIO): throw CameraError.missing(device: path)
            case ("open", EACCES), ("open", EPERM): throw CameraError.noPermission(device: path)
            case (_, EBUSY), ("flock", EWOULDBLOCK): throw CameraError.busy(device: path)
            case ("open", ENOTTY), ("open", EINVAL), ("open", EISDIR): throw CameraError.notVideo(device: path)
            default: throw CameraError.system(device: path, call: error.call, errno: error.code)
            }
        }
    }
}
