/// The reason for which a GIF could not be decoded, or not to its end.
public struct GIFDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of defect.
    public enum Reason: Hashable, Sendable {
        /// Not a single byte came.
        case emptyInput
        /// The first bytes are not a GIF's, but those of the given kind, where it is known.
        case notAGIF(ForeignFormat?)
        /// The input ends inside the header, the logical screen descriptor or the global color table.
        case truncatedHeader
        /// The GIF ends before its first image.
        case noImages
        /// The input ends inside a block; `block` says which, as in "image data".
        case truncated(block: String)
        /// Bytes that a GIF cannot have; the text says which.
        case defect(String)
        /// The GIF asks for more than `DecodingLimits` allow; the text names the limit, its value and what was asked.
        case limitExceeded(String)
        /// The system cannot read; errno and its text.
        case unreadable(code: Int32, text: String)
    }

    public let reason: Reason
    /// The file's name, or "standard input".
    public let name: String
    /// Number of the frame in which it happened, from 1; nil before the first image.
    public let frame: Int?
    /// Bytes of this GIF read so far, or nil when that explains nothing.
    public let offset: Int?

    public init(_ reason: Reason, name: String, frame: Int? = nil, offset: Int? = nil) {
        self.reason = reason
        self.name = name
        self.frame = frame
        self.offset = offset
    }

    /// "cat.gif: frame 12, byte 4711: the input ends inside image data"
    public var description: String {
        let place = [frame.map { "frame \($0)" }, offset.map { "byte \($0)" }].compactMap(\.self)
        return ([name] + (place.isEmpty ? [] : [place.joined(separator: ", ")]) + [text]).joined(separator: ": ")
    }

    private var text: String {
        switch reason {
        case .emptyInput: "the input is empty"
        case .notAGIF(let format): "not a GIF" + (format.map { " but \($0.advice)" } ?? "")
        case .truncatedHeader: "the input ends inside the GIF's header"
        case .noImages: "the GIF holds no image"
        case .truncated(let block): "the input ends inside \(block)"
        case .defect(let text): text
        case .limitExceeded(let text): text
        case .unreadable(_, let text): "cannot read: \(text)"
        }
    }
}
