import Configuration
import Control
import Restoration

extension StreamConfiguration.Source {
    /// Its kind as the IDL spells it, and its path.
    var described: (kind: String, path: String?) {
        switch self {
        case .folder(let folder): ("folder", folder.path.exchanged)
        case .pipe(let pipe): ("pipe", pipe.path.exchanged)
        case .submitted: ("submitted", nil)
        }
    }

    var isPipe: Bool {
        if case .pipe = self { true } else { false }
    }
}

extension StreamConfiguration.Sink {
    /// Its kind as the IDL spells it, and its path.
    var described: (kind: String, path: String?) {
        switch self {
        case .files(let files): ("files", files.folder.exchanged)
        case .fifo(let path, _): ("fifo", path.exchanged)
        case .standardOutput: ("stdout", nil)
        case .camera(let camera): ("camera", camera.device)
        }
    }
}

extension VarlinkError {
    /// A parameter that says nothing, or is missing.
    static func parameter(_ name: String) -> VarlinkError {
        VarlinkError("org.varlink.service.InvalidParameter", ["parameter": .string(name)])
    }
}

extension SubmitOptions {
    /// - Throws: InvalidParameter for words that say nothing.
    init(_ fields: [String: JSON]) throws(VarlinkError) {
        var arguments = VarlinkArguments(fields)
        self.init()
        rate = try arguments.parsed("rate") { text in OutputRate(text).map { _ in text } }
        profile = try arguments.parsed("profile") { ProfileChoice(rawValue: $0)?.rawValue }
        dither = try arguments.parsed("dither") { RestorationOptions.DitherChoice(rawValue: $0)?.rawValue }
        background = try arguments.parsed("background") { text in
            Background(text).map { _ in text }
        }
        loop = try arguments.optionalBool("loop")
        try arguments.finish()
    }
}
