import Filesystem
import GIFDecoding
import Glibc

/// A GIF whose blocks were read, to be decoded from its start as often as needed.
///
/// A regular file is read where it is. Something that can be read once only is copied, as far as it is scanned, to a file
/// without a name in the folder TMPDIR (`/tmp` without it); as large as the GIF, with no limit but the disk's, and gone with
/// this object and its decoders. No byte is waited for behind the GIF's trailer.
struct ScannedGIF {
    let name: String
    /// As `GIFFile.exactName`.
    let exactName: Path
    let summary: GIFSummary
    private let file: OpenFile
    /// The GIF's first byte.
    private let start: Int

    /// - Parameter limits: those of the scan.
    /// - Throws: `InputError`, or `GIFDecodingError` where this is no GIF.
    init(_ input: GIFFile, limits: DecodingLimits) throws {
        name = input.name
        exactName = input.exactName
        let opened = OpenFile(try input.open())
        if isatty(opened.descriptor) == 1 { throw InputError(terminal: name) }
        let place = try opened.placeIfRegular(name: name)
        if let place {
            (file, start) = (opened, place)
            summary = try GIFScanner.scan(opened.source(from: place), name: name, limits: limits)
        } else {
            let copy = try SpooledSource(opened.descriptor, name: name)
            (file, start) = (copy.file, 0)
            do {
                summary = try GIFScanner.scan(copy, name: name, limits: limits)
            } catch {
                throw copy.failure ?? error
            }
            if let failure = copy.failure { throw failure }
        }
    }

    /// A decoder at the first frame.
    func decoder(limits: DecodingLimits) throws -> sending GIFDecoder {
        try GIFDecoder(source: file.source(from: start), name: name, limits: limits)
    }
}
