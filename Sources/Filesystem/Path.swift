/// A path, or a part of one, as the system knows it: bytes without NUL.
///
/// Two paths are equal when their bytes are. Text is made of a path for people only (`description`), never to find a file
/// again: a Swift String would take the two Unicode forms of "ü" for the same name, join a slash with a combining mark that
/// follows it, and lose bytes that are no UTF-8.
///
///     let gif = Path("/srv/drop").appending("jürgen/cat.gif")
///     gif.name                         // cat.gif
///     gif.relative(to: "/srv/drop")    // jürgen/cat.gif
public struct Path: Hashable, Sendable {
    /// Without NUL.
    public let bytes: [UInt8]

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    /// - Returns: nil where the bytes hold a NUL, which ends a path for the system.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        if bytes.contains(0) { return nil }
        self.bytes = bytes
    }

    /// - Returns: nil where the text holds a NUL.
    public init?(text: String) {
        self.init(bytes: text.utf8)
    }

    /// - Parameter trusted: part of a path that has been checked.
    private init(trusted: some Sequence<UInt8>) {
        bytes = Array(trusted)
    }

    public var isEmpty: Bool { bytes.isEmpty }
    public var isAbsolute: Bool { bytes.first == Self.slash }

    /// The part behind the last slash.
    public var name: Path {
        bytes.lastIndex(of: Self.slash).map { Path(trusted: bytes[($0 + 1)...]) } ?? self
    }

    /// The part before the last slash: "/" for what lies in the root, "." for a bare name.
    public var folder: Path {
        guard let slash = bytes.lastIndex(of: Self.slash) else { return "." }
        return slash == 0 ? "/" : Path(trusted: bytes[..<slash])
    }

    /// The parts between slashes, empty ones left out.
    public var components: [Path] { bytes.split(separator: Self.slash).map { Path(trusted: $0) } }

    /// Whether this is one part of a path that leads to an entry of a folder: not empty, no slash, neither "." nor "..".
    public var isEntryName: Bool {
        !isEmpty && !bytes.contains(Self.slash) && self != "." && self != ".."
    }

    /// Whether every component is an entry name: the path leads downwards, with one spelling.
    public var leadsDown: Bool {
        bytes.split(separator: Self.slash, omittingEmptySubsequences: false).allSatisfy {
            Path(trusted: $0).isEntryName
        }
    }

    public var isHidden: Bool { name.bytes.first == Self.dot }

    /// A name without its extension; a hidden name's first dot begins no extension.
    public var stem: Path { Path(trusted: bytes[..<endingStart]) }

    /// The extension of a name with its dot, or empty.
    public var ending: Path { Path(trusted: bytes[endingStart...]) }

    private var endingStart: Int {
        let start = (bytes.lastIndex(of: Self.slash) ?? -1) + 1
        guard let dot = bytes.lastIndex(of: Self.dot), dot > start else { return bytes.count }
        return dot
    }

    /// The same path without slashes behind its last component.
    public var withoutSlashAtEnd: Path {
        guard let end = bytes.lastIndex(where: { $0 != Self.slash }) else { return isEmpty ? self : "/" }
        return Path(trusted: bytes[...end])
    }

    /// The path of something below this one. A "." on either side is left out.
    public func appending(_ relative: Path) -> Path {
        if self == "." || isEmpty { return relative }
        if relative == "." || relative.isEmpty { return self }
        let separator = bytes.last == Self.slash ? [] : [Self.slash]
        return Path(trusted: bytes + separator + relative.bytes)
    }

    /// These bytes with others behind them, without a slash in between.
    public static func + (a: Path, b: Path) -> Path { Path(trusted: a.bytes + b.bytes) }

    /// The path below a folder; nil where this path does not begin with the folder's. The file system is not asked.
    public func relative(to folder: Path) -> Path? {
        var prefix = folder.bytes
        if prefix.last != Self.slash { prefix.append(Self.slash) }
        guard bytes.count > prefix.count, bytes.starts(with: prefix) else { return nil }
        return Path(trusted: bytes[prefix.count...])
    }

    /// The folder that this path lies in by `relative`, without a slash at its end; nil where the path does not end so.
    public func removing(_ relative: Path) -> Path? {
        let suffix = [Self.slash] + relative.bytes
        guard bytes.count > suffix.count, bytes.suffix(suffix.count).elementsEqual(suffix) else { return nil }
        return Path(trusted: bytes.dropLast(suffix.count))
    }

    /// Calls `body` with the bytes and a NUL behind them, as system calls take them.
    public func withCString<R, E: Error>(_ body: (UnsafePointer<CChar>) throws(E) -> R) throws(E) -> R {
        let text = bytes.map { CChar(bitPattern: $0) } + [0]
        let result: Result<R, E> = text.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("a text with its NUL has a byte") }
            do throws(E) {
                return .success(try body(start))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The same characters where the bytes are UTF-8; nil otherwise.
    public var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension Path: ExpressibleByStringLiteral {
    /// - Parameter literal: without a NUL.
    public init(stringLiteral literal: StaticString) {
        self = literal.withUTF8Buffer { Path(trusted: $0) }
        precondition(!bytes.contains(0), "a path without a NUL")
    }
}

extension Path: Comparable {
    /// The order of bytes.
    public static func < (a: Path, b: Path) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

extension Path: CustomStringConvertible {
    /// For people: as `String.printable`, with bytes that are no UTF-8 as `\xE9`.
    public var description: String { PrintableText.of(bytes) }
}

extension Path: Codable {
    /// A string, or where the bytes are no UTF-8 an array of them.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let bytes = try (try? container.decode(String.self)).map { Array($0.utf8) } ?? container.decode([UInt8].self)
        guard let path = Path(bytes: bytes) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a path with a NUL")
        }
        self = path
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let text { try container.encode(text) } else { try container.encode(bytes) }
    }
}
