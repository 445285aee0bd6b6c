/// How far a video is checked after its encoder has ended well, before it counts as complete.
///
/// In every case the encoder must have written a regular file that is not empty.
public enum VideoVerification: String, CaseIterable, Sendable {
    /// ffprobe reads it from end to end without a complaint, it holds as many pictures as the encoder got, and its container
    /// (MP4, MOV, Matroska, WebM) knows how long it is.
    case pictures
    /// ffprobe opens it and finds a picture: for encoders that change the number of pictures.
    case opens
    /// No further: for formats that ffprobe does not know.
    case unchecked = "none"
}
