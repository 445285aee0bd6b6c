public import Foundation
public import Inference
public import PixelKernels
import Testing

/// A file of expected tensors, written by Training/make_fixtures.py.
public struct Fixture {
    public let file: ModelFile

    /// - Parameter bundle: the test target's, which holds the folder Fixtures.
    public init(_ name: String, in bundle: Bundle) throws {
        let url = try #require(bundle.url(forResource: "Fixtures/\(name)", withExtension: "safetensors"))
        file = try ModelFile.load(url.path)
    }

    /// The cases that stand in the file's header.
    public func cases<T: Decodable>(as type: T.Type) throws -> [T] {
        try file.configuration(as: [T].self)
    }

    /// A tensor of three dimensions, by name.
    public func tensor(_ name: String) throws -> Tensor {
        let entry = try #require(file.weights.entries[name])
        try #require(entry.shape.count == 3)
        let tensor = Tensor(entry.shape[0], entry.shape[1], entry.shape[2])
        tensor.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: entry.values) }
        return tensor
    }

    /// A tensor's values, whatever its shape.
    public func values(_ name: String) throws -> [Float] {
        try #require(file.weights.entries[name]).values
    }
}

extension Tensor {
    public var array: [Float] { view.array }
}

extension TensorView {
    public var array: [Float] { withUnsafeBufferPointer { Array($0) } }
}

/// The largest difference between two lists of equal length; infinite where one holds a NaN.
public func maximumError(_ a: [Float], _ b: [Float]) -> Float {
    precondition(a.count == b.count, "\(a.count) values and \(b.count)")
    return zip(a, b).reduce(0) { largest, pair in
        let error = abs(pair.0 - pair.1)
        return error.isNaN ? .infinity : max(largest, error)
    }
}
