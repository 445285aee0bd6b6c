/// A kind of file that is often taken for a GIF, told by its first bytes.
public enum ForeignFormat: String, CaseIterable, Sendable {
    case avif, heif, html, jpeg, matroska, mp4, png, webp

    /// Bytes from which every kind can be told.
    static let length = 12

    /// - Parameter start: the first bytes of a file, `length` of them where there are as many.
    /// - Returns: nil for a kind that is not known.
    public init?(start: some Sequence<UInt8>) {
        let start = Array(start.prefix(Self.length))
        func has(_ bytes: [UInt8], at offset: Int = 0) -> Bool { start.dropFirst(offset).starts(with: bytes) }
        func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
        if has([0x89] + Array("PNG\r\n".utf8)) {
            self = .png
        } else if has([0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has([0x1A, 0x45, 0xDF, 0xA3]) {
            self = .matroska
        } else if has("RIFF") && has("WEBP", at: 8) {
            self = .webp
        } else if has("ftyp", at: 4) {
            let brand = String(decoding: start.dropFirst(8), as: UTF8.self)
            switch brand {
            case "avif", "avis": self = .avif
            case "heic", "heix", "hevc", "mif1", "msf1": self = .heif
            default: self = .mp4
            }
        } else if Self.isHTML(start) {
            self = .html
        } else {
            return nil
        }
    }

    /// Whether more than these first six bytes are needed to tell the kind.
    static func needsMore(than start: [UInt8]) -> Bool {
        start.starts(with: "RIFF".utf8) || start.dropFirst(4).elementsEqual("ft".utf8)
    }

    /// A tag or a comment of the kind that pages begin with, in small or capital letters.
    private static func isHTML(_ start: [UInt8]) -> Bool {
        let marked = start.drop { [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let text = String(decoding: marked, as: UTF8.self).lowercased()
        return ["<!doc", "<html", "<head", "<body"].contains { text.hasPrefix($0) }
    }

    /// As in "not a GIF but ...", with advice where there is some.
    var advice: String {
        switch self {
        case .avif: "an AVIF image: only GIFs are restored"
        case .heif: "a HEIF image: only GIFs are restored"
        case .html: "a web page: download the image itself, not the page that shows it"
        case .jpeg: "a JPEG image, which has no animation"
        case .matroska: "a Matroska or WebM video: it is a video already"
        case .mp4: "an MP4 video: it is a video already"
        case .png: "a PNG image: if it is animated, 'ffmpeg -f apng -i in.png -r 30 out.mp4' makes a video of it"
        case .webp: "a WebP image: only GIFs are restored"
        }
    }
}
