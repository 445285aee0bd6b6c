package import CKernels
import Glibc

/// The kernels in use: an instruction set, and who multiplies matrices.
///
/// The best kernels for the processor are picked once. Two environment variables limit the choice, for tests and comparisons:
/// GIF2VIDEO_CPU names the highest level wanted (`baseline`, `avx2` or `avx512`), GIF2VIDEO_CONV the convolutions'
/// products (`own` or `openblas`). Anything else, and their absence, means the best.
public struct Kernels: @unchecked Sendable {
    /// Levels from the one that runs everywhere to the fastest.
    public enum Level: String, CaseIterable, Sendable {
        /// The vectors that every processor of the architecture has: SSE2 or NEON.
        case baseline
        case avx2
        case avx512

        /// - Parameter name: the raw value, or "reference", the earlier name of the baseline.
        package init?(name: String) {
            self.init(rawValue: name == "reference" ? Level.baseline.rawValue : name)
        }

        var flags: UInt32 {
            switch self {
            case .baseline: UInt32(CK_BASELINE)
            case .avx2: UInt32(CK_AVX2)
            case .avx512: UInt32(CK_AVX2 | CK_AVX512)
            }
        }
    }

    /// The code that computes the convolutions' products.
    public enum Products: String, CaseIterable, Sendable {
        /// The kernels of the level.
        case own
        /// OpenBLAS, around which the level's kernels transform and unfold: where this processor has no kernels of
        /// ours, OpenBLAS may still know it.
        case openBLAS = "openblas"
    }

    /// The kernels that everything uses unless told otherwise.
    public static let best = Kernels(
        atMost: environment("GIF2VIDEO_CPU").flatMap(Level.init(name:)),
        products: environment("GIF2VIDEO_CONV").flatMap(Products.init))

    /// Unchecked above: one of C's constants, which live forever.
    private let level: UnsafePointer<ck_kernels>
    public let products: Products

    /// - Parameters:
    ///   - level: the highest level wanted, nil for no limit; a lower one where the processor lacks it.
    ///   - products: nil for OpenBLAS' where the level is x86-64's lowest, else our own.
    public init(atMost level: Level? = nil, products: Products? = nil) {
        self.level = ck_select(level?.flags ?? .max)
        #if arch(x86_64)
            let fallback =
                String(cString: self.level.pointee.name) == Level.baseline.rawValue ? Products.openBLAS : .own
        #else
            let fallback = Products.own
        #endif
        self.products = products ?? fallback
    }

    /// The same level with other products.
    package init(_ kernels: Kernels, products: Products) {
        level = kernels.level
        self.products = products
    }

    /// The functions themselves, for the modules that call them.
    package var table: ck_kernels { level.pointee }

    /// The name of the level picked.
    public var name: String { String(cString: table.name) }

    /// Channels in a block of a map.
    package var lanes: Int { Int(table.lanes) }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }
}
