import PixelKernels

/// The memory of networks that take turns: buffers for their maps, which are leased by layout, and scratch memory.
///
///     let memory = NetworkMemory()
///     let plain = network.makeState(height: 480, width: 640, in: memory)
///     let dithered = other.makeState(height: 480, width: 640, in: memory)  // the same maps, if the layouts are equal
///
/// A state leases what it needs when it is made and gives it back when it ends. The maps belong to the state whose forward ran
/// last; any other state that leases them computes all that it needs anew.
///
/// One thread at a time makes states, borrows, and runs the forwards of the states that take turns.
public final class NetworkMemory {
    private var maps: [Lease<UNetState.Maps>] = []
    private var workspaces: [Lease<Workspace>] = []

    /// The maps of bands lie in it, and so does what is borrowed; nil: each has memory of its own.
    let arena: Arena?

    /// - Parameter arena: as large as the plan of any network's bands says, and as what is borrowed; used during forwards only.
    public init(in arena: Arena? = nil) { self.arena = arena }

    /// Something that states hold, as long as one of them does.
    private struct Lease<Held: AnyObject> {
        weak var held: Held?
    }

    /// Maps for a layout: those that a state leases already, or new ones.
    /// - Parameters:
    ///   - keepsContents: whether no other state may lease them, too.
    ///   - make: makes new ones.
    func lease(_ layout: UNetState.Layout, keepsContents: Bool, or make: () -> UNetState.Maps) -> UNetState.Maps {
        if !keepsContents,
            let known = Self.first(in: &maps, as: { $0.layout == layout && !$0.keepsContents ? $0 : nil })
        {
            return known
        }
        let made = make()
        maps.append(Lease(held: made))
        return made
    }

    /// Scratch memory that is large enough.
    func workspace(workers: Int, need: ScratchSize) -> Workspace {
        if let known = Self.first(in: &workspaces, as: { $0.serves(workers: workers, need: need) ? $0 : nil }) {
            return known
        }
        let made = Workspace(workers: workers, need: need)
        workspaces.append(Lease(held: made))
        return made
    }

    /// Runs `body` with a buffer that has so many bytes, of arbitrary values, from `start` on: a part of the arena, or leased maps
    /// whose next forward computes all that it needs, or, where none are large enough, memory of its own.
    func borrow<R>(_ byteCount: Int, _ body: (_ buffer: HugePageBuffer, _ start: Int) -> R) -> R {
        if let arena {
            let mark = arena.used
            defer { arena.reset(to: mark) }
            return body(arena.memory, arena.take(byteCount))
        }
        guard
            let (lender, activations) = Self.first(
                in: &maps, as: { maps in maps.lendable(byteCount).map { (maps, $0) } })
        else { return body(HugePageBuffer(byteCount: byteCount), 0) }
        lender.user = nil
        defer { activations.clearMargins() }
        return body(activations.memory, 0)
    }

    /// The answer of the first one that has one; those that nobody holds any more are forgotten.
    private static func first<Held, Use>(in leases: inout [Lease<Held>], as use: (Held) -> Use?) -> Use? {
        leases.removeAll { $0.held == nil }
        return leases.lazy.compactMap(\.held).compactMap(use).first
    }
}
