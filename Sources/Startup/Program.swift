import Glibc
import Inference

/// This program on disk.
public enum Program {
    /// The path of the running program; empty where the system does not tell.
    public static var path: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String in
            guard let start = buffer.baseAddress else { return "" }
            let count = readlink("/proc/self/exe", start, buffer.count)
            return String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// The folder it lies in.
    public static var folder: String {
        let path = path
        return path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    /// Starts the program anew, in the same process, where OpenBLAS is what multiplies and took the processor for an
    /// old one; else returns, as it does when that fails. Before anything else: what was read or started is lost.
    public static func restartForOpenBLAS() {
        guard Kernels.best.products == .openBLAS, let core = OpenBLASCore.better else { return }
        setenv(OpenBLASCore.variable, core, 1)
        execv(path, CommandLine.unsafeArgv)
    }
}
