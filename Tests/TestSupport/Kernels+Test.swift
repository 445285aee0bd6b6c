public import PixelKernels
public import Testing

extension Kernels: CustomTestStringConvertible {
    /// Every level that this processor has, with each kind of products.
    public static let all = Level.allCases
        .filter { Kernels(atMost: $0).name == $0.rawValue }
        .flatMap { level in Products.allCases.map { Kernels(atMost: level, products: $0) } }

    public var testDescription: String { "\(name), \(products.rawValue)" }
}
