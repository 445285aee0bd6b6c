import Media

extension Restorer {
    /// Waits until all in-betweens of the window before are made: their frames' places and the flow are free.
    func closeWindow() {
        inBetweens?.finish()
        inBetweens = nil
        window.freeRetired()
    }

    /// Emits the pictures of a frame's time: of itself, then of the motion to the next one.
    func emitBetweens(
        from a: FrameSlot, to b: FrameSlot, _ step: Transition, _ emit: (PendingPicture) throws -> Void
    ) throws {
        guard step == .motion, let networks, let motionStart = a.motionStart else {
            return try emitStills(of: a, through: nil, emit)
        }
        try emitStills(of: a, through: motionStart, emit)
        let interpolation = networks.interpolation(from: a, to: b, on: window.background)
        let motion = Rational(a.run.end, 100) - motionStart
        // A window may be asked for a thousand.
        while true {
            let instants = a.run.takeInstants(atMost: Self.betweenCapacity(a.size))
            if instants.isEmpty { return }
            inBetweens?.finish()
            let times = instants.map { ($0.start - motionStart) / motion }
            let made = InBetweens(instants.count, on: pool) { index in
                // The last of many may be nearer to 1 than a Float can be.
                interpolation.picture(at: min(Float(times[index].value), Float(1).nextDown))
            }
            // On a large canvas the next frame's networks work in the same memory.
            if content.band(of: a.size) != nil { made.finish() } else { inBetweens = made }
            for (index, instant) in instants.enumerated() {
                try emit(PendingPicture(.inBetween(made, index: index), at: instant, size: a.size))
            }
        }
    }

    /// Emits the pictures of a frame's time that show the frame itself.
    /// - Parameter end: the last moment at which they do, in seconds; nil: that of the frame's time.
    func emitStills(
        of slot: FrameSlot, through end: Rational?, _ emit: (PendingPicture) throws -> Void
    ) throws {
        while let instant = slot.run.takeInstant(through: end) {
            try emit(PendingPicture(.pixels(slot.picture), at: instant, size: slot.size))
        }
    }
}
