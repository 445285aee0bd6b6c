/// io.gif2video.Control as both sides know it.
public enum ControlInterface {
    public static let name = "io.gif2video.Control"
    /// The file io.gif2video.Control.varlink.
    public static let description = String(decoding: PackageResources.io_gif2video_Control_varlink, as: UTF8.self)

    /// Environment variable with the socket's path, for clients.
    public static let socketVariable = "GIF2VIDEO_SOCKET"
}

/// The errors of the interface.
extension VarlinkError {
    private init(own name: String, _ parameters: [String: JSON]) {
        self.init("\(ControlInterface.name).\(name)", parameters)
    }

    public static func noSuchStream(_ stream: String) -> VarlinkError {
        VarlinkError(own: "NoSuchStream", ["stream": .string(stream)])
    }

    public static func noSuchJob(_ job: Int) -> VarlinkError {
        VarlinkError(own: "NoSuchJob", ["job": .integer(job)])
    }

    public static func invalidState(_ job: Int, _ state: JobInfo.State) -> VarlinkError {
        VarlinkError(own: "InvalidState", ["job": .integer(job), "state": .string(state.rawValue)])
    }

    public static func notLive(_ stream: String) -> VarlinkError {
        VarlinkError(own: "NotLive", ["stream": .string(stream)])
    }

    public static func pathNotReadable(_ path: String, _ reason: String) -> VarlinkError {
        VarlinkError(own: "PathNotReadable", ["path": .string(path), "reason": .string(reason)])
    }

    public static func outputNotAllowed(_ path: String, _ reason: String) -> VarlinkError {
        VarlinkError(own: "OutputNotAllowed", ["path": .string(path), "reason": .string(reason)])
    }

    public static func configurationInvalid(_ problems: [String]) -> VarlinkError {
        VarlinkError(own: "ConfigurationInvalid", ["problems": .array(problems.map { .string($0) })])
    }

    public static func queueFull(_ limit: Int) -> VarlinkError {
        VarlinkError(own: "QueueFull", ["limit": .integer(limit)])
    }

    public static func failed(_ reason: String) -> VarlinkError {
        VarlinkError(own: "Failed", ["reason": .string(reason)])
    }
}
