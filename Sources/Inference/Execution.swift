import CKernels
import Threads

/// What a layer runs with: the kernels, the scratch memory of its state, and the threads.
struct Execution {
    let kernels: ck_kernels
    let workspace: Workspace
    let pool: WorkerPool

    /// Runs `body` for each of `count` planes or rows, in any order, on the pool.
    func forEach(_ count: Int, _ body: (Int) -> Void) {
        pool.forEach(count, body)
    }
}
