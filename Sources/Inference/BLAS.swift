import COpenBLAS

/// OpenBLAS as the layers use it: float32, row-major, one thread a call.
///
/// Safe on any number of threads at once. OpenBLAS' own threads are switched off before the first call.
enum BLAS {
    private static let singleThreaded: Void = openblas_set_num_threads(1)

    /// c [rows, columns] = a [rows, depth] * b [depth, columns]; consecutive rows of each lie `stride` values apart.
    static func multiply(
        rows: Int, columns: Int, depth: Int,
        a: UnsafePointer<Float>, aStride: Int, aTransposed: Bool = false,
        b: UnsafePointer<Float>, bStride: Int,
        c: UnsafeMutablePointer<Float>, cStride: Int
    ) {
        _ = singleThreaded
        cblas_sgemm(
            CblasRowMajor, aTransposed ? CblasTrans : CblasNoTrans, CblasNoTrans,
            blasint(rows), blasint(columns), blasint(depth),
            1, a, blasint(aStride), b, blasint(bStride), 0, c, blasint(cStride))
    }
}
