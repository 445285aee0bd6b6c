import CKernels
import COpenBLAS
import Glibc

/// Which of its kernels OpenBLAS uses.
///
/// It picks them when it is loaded, by the processor's model number: to a processor that is newer than itself it gives
/// those of 2004 (Debian 12's 0.3.21 takes Sapphire Rapids for a Prescott: SSE3 in place of AVX-512). The environment
/// variable OPENBLAS_CORETYPE overrides that, but only where it is set before the library is loaded: a program asks
/// `better` first of all and starts itself anew with it.
public enum OpenBLASCore {
    /// The variable that names the kernels to use.
    public static let variable = "OPENBLAS_CORETYPE"

    /// The name of the kernels in use, as OpenBLAS spells it.
    public static var inUse: String { String(cString: openblas_get_corename()) }

    /// What the variable should be for this processor; nil where OpenBLAS chose well, or was told what to choose.
    public static var better: String? {
        guard getenv(variable) == nil, withoutAVX.contains(inUse) else { return nil }
        let processor = ck_processor()
        if processor & UInt32(CK_AVX512) != 0 { return "SkylakeX" }
        return processor & UInt32(CK_AVX2) != 0 ? "Haswell" : nil
    }

    /// OpenBLAS's kernels for x86-64 processors without AVX.
    private static let withoutAVX: Set = [
        "Generic", "Prescott", "Core2", "Atom", "Penryn", "Dunnington", "Nehalem", "Opteron", "Opteron_SSE3",
        "Barcelona", "Nano", "Bobcat", "Northwood", "Banias", "Athlon",
    ]
}
