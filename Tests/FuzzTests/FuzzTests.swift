import FuzzTargets
import TestSupport
import Testing

/// The fuzzer's targets without the fuzzer: their seeds, what it has found, and a few thousand mutations.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.allCases) func everySeedHolds(_ target: FuzzTarget) {
        for seed in target.seeds { target.run(seed) }
    }

    /// Bytes changed, cut out and doubled, in the same way every time.
    @Test(arguments: FuzzTarget.allCases) func mutatedSeedsHold(_ target: FuzzTarget) {
        var random = SplitMix64(seed: 26)
        for seed in target.seeds {
            for _ in 0..<100 {
                var bytes = seed
                for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    let end = min(place + Int.random(in: 1...16, using: &random), bytes.count)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.removeSubrange(place..<end)
                    case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
                    default: bytes.removeSubrange(place...)
                    }
                }
                target.run(bytes)
            }
        }
    }
}
