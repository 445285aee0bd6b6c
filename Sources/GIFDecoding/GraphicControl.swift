/// The graphic control extension: how the image after it is shown.
struct GraphicControl: Hashable {
    /// The disposal: how the image's rectangle changes before the next image is drawn.
    enum Disposal: Hashable {
        /// The image stays (values 0, 1 and the undefined 5 to 7).
        case keep
        /// The rectangle becomes transparent (2).
        case clear
        /// The rectangle becomes what it was before the image (3, and 4 as some old encoders wrote it).
        case restore
    }

    var disposal: Disposal = .keep
    /// Centiseconds as the file says; 0 where it says nothing.
    var delay = 0
    /// The palette index that paints nothing.
    var transparentIndex: Int?

    /// The values for an image without a graphic control.
    init() {}

    /// - Parameter data: the extension's first sub-block; nil comes back when it has fewer than four bytes.
    init?(data: some Collection<UInt8>) {
        guard data.count >= 4 else { return nil }
        let bytes = Array(data.prefix(4))
        switch bytes[0] >> 2 & 7 {
        case 2: disposal = .clear
        case 3, 4: disposal = .restore
        default: disposal = .keep
        }
        delay = Int(bytes[1]) | Int(bytes[2]) << 8
        transparentIndex = bytes[0] & 1 == 1 ? Int(bytes[3]) : nil
    }
}
