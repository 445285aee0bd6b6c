/// A part of the program that reads bytes from others, for libFuzzer (`make fuzz`) and for the tests that replay what it found.
///
/// A target ends the process (`precondition`) where the part breaks a promise; an error that is thrown is no fault.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A GIF to frames; decoder and scanner compared.
    case gif
    /// A model file to its weights and the description of its network.
    case model
    /// Calls of a client, one behind the other, each with a NUL at its end.
    case varlink
    /// A configuration file.
    case toml

    /// Feeds bytes to the part once.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .gif: GIFTarget.run(bytes)
        case .model: ModelTarget.run(bytes)
        case .varlink: VarlinkTarget.run(bytes)
        case .toml: TOMLTarget.run(bytes)
        }
    }

    /// Inputs to begin with, which lead far into the part.
    public var seeds: [[UInt8]] {
        switch self {
        case .gif: GIFSeeds.all
        case .model: ModelTarget.seeds
        case .varlink: VarlinkTarget.seeds
        case .toml: TOMLTarget.seeds
        }
    }
}
