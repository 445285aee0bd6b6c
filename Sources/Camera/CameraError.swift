import Glibc

/// The reason for which a camera cannot be written to, and the remedy.
public enum CameraError: Error, Equatable, CustomStringConvertible {
    /// There is no such device, or none with that label.
    case missing(device: String)
    case noPermission(device: String)
    /// Somebody else writes to it.
    case busy(device: String)
    /// Not a video device.
    case notVideo(device: String)
    /// A camera that makes its own pictures.
    case notOutput(device: String, driver: String)
    /// An old v4l2loopback whose last writer left it in a state that it does not leave by itself.
    case stuck(device: String)
    /// The device would show something else than asked for.
    case refused(device: String, wanted: String, offered: String)
    case system(device: String, call: String, errno: Int32)

    public var description: String {
        switch self {
        case .missing(let device):
            "\(device): there is no such camera; make one: \(Self.modprobe(device)) (apt-get install v4l2loopback-dkms)"
        case .noPermission(let device):
            "\(device): no permission; become a member of its group: sudo usermod -aG video USER, and log in again "
                + "(a service: SupplementaryGroups=video, DeviceAllow=char-video4linux rw)"
        case .busy(let device): "\(device): another program writes to it (fuser -v \(device) names it)"
        case .notVideo(let device): "\(device): is no video device; make one: \(Self.modprobe(device))"
        case .notOutput(let device, let driver):
            "\(device): cannot be written to, as it is a camera by itself (driver \(driver)); make another one: "
                + Self.modprobe("GIF2Video")
        case .stuck(let device):
            "\(device): the driver takes no format after a writer that ended; unload and load it: "
                + "sudo modprobe -r v4l2loopback && \(Self.modprobe(device))"
        case .refused(let device, let wanted, let offered):
            "\(device): cannot be set to \(wanted), it offers \(offered); end the programs that read from it, or choose "
                + "what it offers"
        case .system(let device, let call, let code): "\(device): \(call): \(String(cString: strerror(code)))"
        }
    }

    /// The command that makes a device of that path or label.
    static func modprobe(_ device: String) -> String {
        let prefix = "/dev/video"
        if device.hasPrefix(prefix), let number = Int(device.dropFirst(prefix.count)) {
            return "sudo modprobe v4l2loopback exclusive_caps=1 card_label=GIF2Video video_nr=\(number)"
        }
        let label = device.hasPrefix("/") ? "GIF2Video" : device
        return "sudo modprobe v4l2loopback exclusive_caps=1 card_label=\"\(label)\""
    }
}
