import CLinux
import Glibc
public import Inference

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

    /// Prepares the process; to be called before there are threads. Loads OpenBLAS if it may multiply, and has malloc give
    /// large memory back to the system as soon as it is free.
    public static func prepare() throws(OpenBLAS.Missing) {
        clinux_give_back_memory()
        try OpenBLAS.loadIfNeeded()
    }
}
