/// Parameters too large to commit: the same numbers as `formula` in Training/make_fixtures.py.
public enum Formula {
    /// Uniform values in [-bound, bound): splitmix64 of the index, seeded with FNV-1a of the name.
    public static func values(_ name: String, _ count: Int, bound: Double) -> [Float] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            var index = 0
            while index < count {
                state &+= 0x9E37_79B9_7F4A_7C15
                var x = state
                x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
                x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
                x ^= x >> 31
                values[index] = Float((2 * (Double(x >> 40) / 16_777_216) - 1) * bound)
                index += 1
            }
            initialized = count
        }
    }

    /// He's bound for weights (less for the last layer, to end in about [-1, 1]), 0.1 for biases.
    public static func bound(_ name: String, _ shape: [Int]) -> Double {
        guard shape.count > 1 else { return 0.1 }
        return (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot() * (name.contains("outc") ? 0.1 : 1)
    }
}
