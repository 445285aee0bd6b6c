public import Output

/// A command that makes a video file of the pictures on its standard input.
public struct EncoderConfiguration: Hashable, Sendable {
    public var template: EncoderTemplate
    /// Of the files it makes, without the dot.
    public var fileExtension: String

    public init(template: EncoderTemplate, fileExtension: String) {
        self.template = template
        self.fileExtension = fileExtension
    }

    /// H.264 in MP4, and with transparency VP9 in WebM, ProRes 4444 in QuickTime and FFV1 in Matroska.
    public static let standard: [String: EncoderConfiguration] = Dictionary(
        uniqueKeysWithValues: [VideoContainer.mp4, .webm, .prores, .ffv1].map { kind in
            let template = kind.template(keepsAlpha: kind.canKeepAlpha)
            return (kind.rawValue, EncoderConfiguration(template: template, fileExtension: kind.fileExtension))
        })
}
