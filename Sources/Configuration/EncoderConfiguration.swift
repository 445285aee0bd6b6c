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

    /// H.264 in MP4, and VP9 with transparency in WebM.
    public static let standard: [String: EncoderConfiguration] = [
        "mp4": EncoderConfiguration(
            template: VideoContainer.mp4.template(keepsAlpha: false), fileExtension: "mp4"),
        "webm": EncoderConfiguration(
            template: VideoContainer.webm.template(keepsAlpha: true), fileExtension: "webm"),
    ]
}
