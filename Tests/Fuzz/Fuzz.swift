import CFuzzer
import Foundation
import FuzzTargets

/// `Fuzz TARGET FOLDER [libFuzzer's arguments]`: writes the target's seeds into the folder, and runs libFuzzer on it.
/// `make fuzz` builds it with libFuzzer, and runs all targets.
@main struct Fuzz {
    /// libFuzzer takes a function without a context.
    nonisolated(unsafe) private static var target = FuzzTarget.gif

    static func main() throws {
        guard CommandLine.arguments.count > 2, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
            fail("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) FOLDER [-runs=...]")
        }
        self.target = target
        let folder = URL(fileURLWithPath: CommandLine.arguments[2])
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (number, seed) in target.seeds.enumerated() {
            try Data(seed).write(to: folder.appendingPathComponent("seed-\(number)"))
        }
        // libFuzzer is not told the target's name.
        let words = [CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        let status = arguments.withUnsafeMutableBufferPointer { buffer in
            var (count, start) = (CInt(words.count), buffer.baseAddress)
            return cfuzzer_run(&count, &start) { bytes, size in
                Fuzz.target.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
                return 0
            }
        }
        if status < 0 { fail("this program was built without libFuzzer; make fuzz builds it with") }
        exit(status)
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data("\(message)\n".utf8))
        exit(2)
    }
}
