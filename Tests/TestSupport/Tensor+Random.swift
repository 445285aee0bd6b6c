public import PixelKernels

extension Tensor {
    /// A tensor of pseudo-random values in [-1, 1).
    public static func random(_ shape: TensorShape, seed: String = "tensor") -> Tensor {
        let tensor = Tensor(shape)
        let values = Formula.values(seed, shape.count, bound: 1)
        tensor.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: values) }
        return tensor
    }
}
