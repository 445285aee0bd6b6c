import Control

extension VarlinkError {
    /// The error for people, with its name in the interface behind it.
    var inWords: String {
        guard name.hasPrefix("\(ControlInterface.name).") else { return "gif2videod: \(self)" }
        func value(_ key: String) -> String { parameters[key].map { "\($0)" } ?? "?" }
        let short = String(name.dropFirst(ControlInterface.name.count + 1))
        let words: String
        switch short {
        case "NoSuchStream":
            words = "gif2videod has no stream \(value("stream")); 'gif2video streams' lists those it has"
        case "NoSuchJob": words = "gif2videod has no job \(value("job")); 'gif2video jobs' lists those it has"
        case "InvalidState": words = "job \(value("job")) is \(value("state")), where this cannot be done"
        case "NotLive": words = "the stream \(value("stream")) makes files and shows nothing; submit takes GIFs for it"
        case "PathNotReadable": words = "\(value("path")): gif2videod cannot read it: \(value("reason"))"
        case "OutputNotAllowed": words = "\(value("path")): gif2videod makes no video there: \(value("reason"))"
        case "QueueFull": words = "gif2videod has \(value("limit")) jobs waiting and takes no more for now"
        case "PermissionDenied": words = "gif2videod does not listen to user \(value("user"))"
        case "Failed": words = "gif2videod: \(value("reason"))"
        default: return "gif2videod: \(self)"
        }
        return "\(words) (\(short))"
    }
}
