import CKernels
import CScalarKernels
import Glibc
import PixelKernels
import TestSupport
import Testing

/// The kernels of one level, compared with the scalar ones.
///
/// Unchecked: tables are constants.
struct KernelComparison: CustomTestStringConvertible, @unchecked Sendable {
    let name: String
    private let kernels: ck_kernels
    private let scalar: ck_kernels

    /// One for every level that this processor has.
    static let all = Kernels.Level.allCases.map { Kernels(atMost: $0) }
        .enumerated().filter { $1.name == Kernels.Level.allCases[$0].rawValue }
        .compactMap { KernelComparison($1) }

    /// - Returns: nil where there are no scalar kernels for so many lanes.
    private init?(_ kernels: Kernels) {
        guard let scalar = scalar_kernels(Int32(kernels.lanes)) else { return nil }
        (name, self.kernels, self.scalar) = (kernels.name, kernels.table, scalar.pointee)
    }

    var testDescription: String { name }

    /// Runs `body` with both kinds of kernels and the same random numbers, some times.
    /// - Parameters:
    ///   - tolerance: how far values may be apart; 0: not a bit differs.
    ///   - body: returns all that a kernel may have written.
    func compare(
        times: Int = 20, tolerance: Float = 0, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (ck_kernels, inout SplitMix64) -> [Float]
    ) {
        for time in 0..<times {
            var (first, second) = (SplitMix64(seed: UInt64(time)), SplitMix64(seed: UInt64(time)))
            let (found, expected) = (body(kernels, &first), body(scalar, &second))
            let error =
                found.count == expected.count
                ? scalar_largest_error(found, expected, found.count) : .infinity
            let isSame = tolerance > 0 ? error <= tolerance : error == 0 && hasSameBits(found, expected)
            #expect(isSame, "time \(time), error \(error)", sourceLocation: sourceLocation)
        }
    }

    /// Zero and minus zero, for instance, are not apart, but differ in a bit.
    private func hasSameBits(_ a: [Float], _ b: [Float]) -> Bool {
        a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                guard let first = a.baseAddress, let second = b.baseAddress else { return a.isEmpty && b.isEmpty }
                return a.count == b.count && memcmp(first, second, a.count) == 0
            }
        }
    }

    /// The same for bytes, of which none may differ.
    func compareBytes(
        times: Int = 20, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (ck_kernels, inout SplitMix64) -> [UInt8]
    ) {
        for time in 0..<times {
            var (first, second) = (SplitMix64(seed: UInt64(time)), SplitMix64(seed: UInt64(time)))
            let isSame = body(kernels, &first) == body(scalar, &second)
            #expect(isSame, "time \(time)", sourceLocation: sourceLocation)
        }
    }
}

extension SplitMix64 {
    mutating func size(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

    mutating func value(_ range: ClosedRange<Float> = -1...1) -> Float { Float.random(in: range, using: &self) }

    mutating func values(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] {
        let seed = next()
        return [Float](unsafeUninitializedCapacity: count) { values, initialized in
            if let first = values.baseAddress {
                scalar_random(seed, range.lowerBound, range.upperBound, first, count)
            }
            initialized = count
        }
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            for index in 0..<count { bytes[index] = UInt8(truncatingIfNeeded: next() >> 17) }
            initialized = count
        }
    }

    /// A part of 0 ..< count that is not empty.
    mutating func part(of count: Int) -> Range<Int> {
        let first = size(0...count - 1)
        return first..<size(first + 1...count)
    }
}
