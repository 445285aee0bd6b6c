import CKernels
import COpenBLAS
import Glibc
import PixelKernels

/// OpenBLAS as the layers use it: float32, row-major, one thread a call.
///
/// Loaded when it is first needed: most processors have kernels of ours, and OpenBLAS takes longer to start than the first
/// picture to restore. Two variables of the environment, which it reads at that moment, are set then unless they are
/// already: `OPENBLAS_NUM_THREADS`, as its threads would get in the way of the pool's, and `OPENBLAS_CORETYPE`, as it gives
/// processors newer than itself the kernels of 2004 (Debian 12's 0.3.21 takes Sapphire Rapids for a Prescott).
///
/// Safe on any number of threads at once.
public enum OpenBLAS {
    /// It cannot be loaded.
    public struct Missing: Error, CustomStringConvertible {
        /// The message of the system's loader.
        let reason: String

        public var description: String {
            "\(reason); this processor, or GIF2VIDEO_CONV=openblas, asks for it: Debian has it in libopenblas0"
        }
    }

    private static let library = "libopenblas.so.0"

    private static let product: Result<openblas_sgemm, Missing> = {
        setenv("OPENBLAS_NUM_THREADS", "1", 0)
        let processor = ck_processor()
        if processor & UInt32(CK_AVX512) != 0 {
            setenv("OPENBLAS_CORETYPE", "SkylakeX", 0)
        } else if processor & UInt32(CK_AVX2) != 0 {
            setenv("OPENBLAS_CORETYPE", "Haswell", 0)
        }
        guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(handle, "cblas_sgemm") else {
            return .failure(Missing(reason: dlerror().map { String(cString: $0) } ?? "\(library) does not load"))
        }
        return .success(unsafeBitCast(symbol, to: openblas_sgemm.self))
    }()

    /// Loads the library where the convolutions multiply with it, so that nothing fails later. Once, before there are other
    /// threads: the environment is written.
    public static func loadIfNeeded() throws(Missing) {
        if Kernels.best.products == .openBLAS { _ = try product.get() }
    }

    /// c [rows, columns] = a [rows, depth] * b [depth, columns]; consecutive rows of each lie `stride` values apart.
    static func multiply(
        rows: Int, columns: Int, depth: Int,
        a: UnsafePointer<Float>, aStride: Int, aTransposed: Bool = false,
        b: UnsafePointer<Float>, bStride: Int,
        c: UnsafeMutablePointer<Float>, cStride: Int
    ) {
        guard case .success(let product) = product else { preconditionFailure("\(library) is not loaded") }
        product(
            CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, CblasNoTrans,
            blasint(rows), blasint(columns), blasint(depth),
            1, a, blasint(aStride), b, blasint(bStride), 0, c, blasint(cStride))
    }
}
