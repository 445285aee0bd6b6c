import CKernels
import Glibc

/// The kernel table in use.
///
/// The best level that the processor and the environment variable GIF2VIDEO_CPU allow is picked once. The variable
/// names the highest level wanted: `reference` or `avx2`; anything else, and its absence, means the best.
public struct Kernels: @unchecked Sendable {
    /// Levels from the one that runs everywhere to the fastest.
    public enum Level: String, CaseIterable, Sendable {
        case reference
        case avx2

        var flags: UInt32 {
            switch self {
            case .reference: UInt32(CK_REFERENCE)
            case .avx2: UInt32(CK_AVX2)
            }
        }
    }

    /// The table that everything uses unless told otherwise.
    public static let best = Kernels(atMost: getenv("GIF2VIDEO_CPU").flatMap { Level(rawValue: String(cString: $0)) })

    /// Unchecked above: pointers to functions and to constants that live forever.
    let table: ck_kernels

    /// - Parameter level: the highest level wanted, nil for no limit; a lower one where the processor lacks it.
    public init(atMost level: Level? = nil) {
        table = ck_select(level?.flags ?? .max).pointee
    }

    /// The name of the level picked.
    public var name: String { String(cString: table.name) }
}
