import Foundation
import Media
import Testing

@testable import GIFDecoding

/// Decodes every GIF under the folder that GIF2VIDEO_SAMPLES names, and prints what came of it.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["GIF2VIDEO_SAMPLES"] != nil))
struct SampleTests {
    private let folder = URL(
        fileURLWithPath: ProcessInfo.processInfo.environment["GIF2VIDEO_SAMPLES"] ?? "", isDirectory: true)

    private func samples() throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(".gif") }.sorted()
    }

    @Test func everySampleDecodesToItsEndOrAnError() throws {
        for name in try samples() {
            let path = folder.appendingPathComponent(name).path
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            let summary = try? GIFScanner.scan(ByteArraySource(bytes), name: name)
            var times: [Int] = []
            var comparisons: [Comparison] = []
            var error: GIFDecodingError?
            do throws(GIFDecodingError) {
                let decoder = try GIFDecoder(source: ByteArraySource(bytes), name: name)
                while let frame = try decoder.next() {
                    if frame.index == 0 { comparisons = Comparison.all(path, size: frame.size) }
                    for index in comparisons.indices { comparisons[index].add(frame) }
                    times.append(frame.duration)
                }
            } catch let thrown {
                error = thrown
            }
            if error == nil { #expect(summary?.delays.map(Int.init) == times, "\(name)") }
            let end = error.map { ", \($0)" } ?? ""
            let duration = times.reduce(0, +)
            let texts = comparisons.map { ", \($0)" }.joined()
            print("\(name): \(times.count) frames, \(summary?.imageCount ?? 0) images, \(duration) cs\(texts)\(end)")
        }
    }

    /// How one reference decoder's frames compare with ours.
    private struct Comparison: CustomStringConvertible {
        let name: String
        let reference: ReferenceDecoder?
        var same = 0
        var different = 0
        var missing = 0

        static func all(_ path: String, size: PixelSize) -> [Comparison] {
            [
                Comparison(name: "ffmpeg", reference: try? ReferenceDecoder.ffmpeg(path, size: size)),
                Comparison(name: "Pillow", reference: try? ReferenceDecoder.pillow(path, size: size)),
            ]
        }

        mutating func add(_ frame: Frame) {
            switch try? reference?.nextEquals(frame.pixels) {
            case .some(true): same += 1
            case .some(false): different += 1
            case nil: missing += 1
            }
        }

        var description: String { "\(name): \(same) same, \(different) different, \(missing) missing" }
    }

    /// image-gif's results.txt has, for each sample, the CRC-32 of all its images as R, G, B, A, not composited.
    @Test func imagesMatchTheChecksumsOfImageGIF() throws {
        let results = folder.appendingPathComponent("image-gif/results.txt")
        guard let text = try? String(contentsOf: results, encoding: .utf8) else { return }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ": ")
            let name = "image-gif/samples__" + parts[0].dropFirst("tests/samples/".count)
            let bytes = try Array(Data(contentsOf: folder.appendingPathComponent(name)))
            #expect(try checksum(bytes) == UInt32(parts[1]), "\(name)")
        }
    }

    private func checksum(_ bytes: [UInt8]) throws -> UInt32 {
        let stream = try GIFStream(source: ByteArraySource(bytes), name: "sample", limits: .standard)
        var crc = UInt32.max
        var control = GraphicControl()
        while true {
            switch try stream.nextRecord() {
            case .end:
                return ~crc
            case .extensionBlock:
                try stream.readExtension { label, block in
                    if label == ExtensionLabel.graphicControl { control = GraphicControl(data: block) ?? control }
                }
            case .image:
                let header = try stream.readImageHeader()
                let colors = header.localColors ?? stream.globalColors ?? []
                var image = [UInt8](repeating: 0, count: header.rect.width * header.rect.height * 4)
                let row = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: header.rect.width)
                defer { row.deallocate() }
                for y in InterlacedRows(height: header.rect.height, isInterlaced: header.isInterlaced) {
                    try stream.readRow(into: row)
                    for (x, index) in row.enumerated() {
                        let pixel = (y * header.rect.width + x) * 4
                        for channel in 0..<3 { image[pixel + channel] = colors[Int(index) * 3 + channel] }
                        image[pixel + 3] = Int(index) == control.transparentIndex ? 0 : 255
                    }
                }
                try stream.skipImageData()
                control = GraphicControl()
                crc = image.reduce(crc) { $0 >> 8 ^ Self.crcTable[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
            }
        }
    }

    private static let crcTable = (0..<256).map {
        (0..<8).reduce(UInt32($0)) { crc, _ in crc >> 1 ^ (crc & 1) * 0xEDB8_8320 }
    }
}
