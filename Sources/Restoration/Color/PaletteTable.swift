import CKernels

/// The palettes of a picture as the kernels read them: colors in [-1, 1]. Immutable.
package final class PaletteTable: @unchecked Sendable {
    /// How many palettes, the empty ones included: ids are below it.
    package let count: Int
    private let colors: UnsafeMutableBufferPointer<Float>
    private let palettes: UnsafeMutableBufferPointer<ck_palette>

    /// - Parameter palettes: R, G, B, R, G, B ... of each palette, by id; nil or empty for an id whose pixels are bound
    ///   to no palette (nothing has painted them).
    package init(_ palettes: [[UInt8]?]) {
        count = palettes.count
        let values = palettes.map { ($0 ?? []).map { Float($0) / 127.5 - 1 } }
        colors = .allocate(capacity: values.reduce(0) { $0 + $1.count })
        _ = colors.initialize(fromContentsOf: values.joined())
        self.palettes = .allocate(capacity: palettes.count)
        var start = 0
        for (id, values) in values.enumerated() {
            precondition(values.count % 3 == 0, "three bytes a color")
            let rgb = UnsafeBufferPointer(colors.extracting(start..<start + values.count)).baseAddress
            self.palettes.initializeElement(at: id, to: ck_palette(rgb: rgb, count: Int32(values.count / 3)))
            start += values.count
        }
    }

    /// The ids whose palette another table does not have under that id.
    package func differences(from other: PaletteTable) -> Set<UInt16> {
        func same(_ a: ck_palette, _ b: ck_palette) -> Bool {
            a.count == b.count
                && (0..<3 * Int(a.count)).allSatisfy { a.rgb[$0] == b.rgb[$0] }
        }
        return Set(
            (0..<count).lazy
                .filter { $0 >= other.count || !same(self.palettes[$0], other.palettes[$0]) }
                .map { UInt16($0) })
    }

    deinit {
        palettes.deallocate()
        colors.deallocate()
    }

    /// Valid while the table lives.
    var kernelPalettes: UnsafePointer<ck_palette>? { UnsafeBufferPointer(palettes).baseAddress }
}
