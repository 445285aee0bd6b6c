import CKernels
import Threads

/// A layer runs with this: the kernels, the scratch memory of its state, and the threads.
///
/// A thread takes subnormal numbers for zero while it works on a layer.
struct Execution {
    let kernels: ck_kernels
    let workspace: Workspace
    let pool: WorkerPool

    /// Runs `body` for 0 ..< count, in any order, on the pool.
    func forEach(_ count: Int, _ body: (Int) -> Void) {
        pool.forEach(count) { index in
            let mode = ck_flush_subnormals()
            body(index)
            ck_restore_subnormals(mode)
        }
    }

    /// The same with scratch memory. Calls that run at the same time never get the same memory.
    func forEachWithScratch(_ count: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
        workspace.forEach(count, on: pool) { index, scratch in
            let mode = ck_flush_subnormals()
            body(index, scratch)
            ck_restore_subnormals(mode)
        }
    }

    /// Runs `body` for bands of rows that together are 0 ..< height.
    func forEachBand(of height: Int, _ body: (_ first: Int32, _ rows: Int32) -> Void) {
        let bands = min(height, 4 * pool.concurrency)
        forEach(bands) { index in
            let (first, end) = (height * index / bands, height * (index + 1) / bands)
            body(Int32(first), Int32(end - first))
        }
    }
}
