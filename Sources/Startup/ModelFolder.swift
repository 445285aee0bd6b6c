import Glibc
import Inference

/// Finds the folder of the networks.
public enum ModelFolder {
    /// The folder named by the caller, in GIF2VIDEO_MODELS, installed beside the program
    /// (../share/gif2video/models), or `Models` in the source tree that the program was built in.
    /// - Throws: `ModelError` when there is none.
    public static func find(_ named: String?) throws -> String {
        if let named { return named }
        if let variable = getenv("GIF2VIDEO_MODELS") { return String(cString: variable) }
        let program = Program.folder
        var candidates = ["\(program)/../share/gif2video/models"]
        var folder = program[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            candidates.append("\(folder)/Models")
        }
        guard let found = candidates.first(where: { access($0, R_OK | X_OK) == 0 }) else {
            throw ModelError(
                path: candidates[0],
                reason: "no models found; name their folder with --models or GIF2VIDEO_MODELS")
        }
        return found
    }
}
