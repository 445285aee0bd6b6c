import ArgumentParser
import Filesystem
import Glibc
import Media
import Output
import Restoration

/// A GIF, and where its video goes.
struct Conversion {
    let input: GIFFile
    let output: Path
    let kind: OutputKind
    let options: RestorationOptions

    /// Whether there is a file of the output's name, which is complete: outputs get their names last.
    var hasOutput: Bool {
        var status = stat()
        return output.withCString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFREG
    }
}

extension ConvertCommand {
    /// All GIFs of the command line and of the list.
    /// - Throws: `ValidationError`, and `ExitCode` with a word about what is wrong.
    func makeJobs() throws -> [Conversion] {
        var inputs = inputs
        if let filesFrom {
            try Failure.handling { inputs += try FileList.read(filesFrom, isSeparatedByNUL: null) }
        }
        var status = stat()
        let exists = output.withCString { stat($0, &status) } == 0
        let isFolder = output.bytes.last == UInt8(ascii: "/") || (exists && status.st_mode & S_IFMT == S_IFDIR)
        guard isFolder || (inputs.count == 1 && filesFrom == nil) else {
            let who = filesFrom == nil ? "\(inputs.count) GIFs need" : "--files-from needs"
            throw ValidationError("\(who) a folder to go to, and \(output) is none (a new one's name ends in /)")
        }
        guard isFolder else {
            return [try job(inputs[0], output, try kindOfFile())]
        }
        let kind = kind ?? .mp4
        let jobs = try inputs.map { try job($0, output.appending(try nameInFolder($0, kind)), kind) }
        let byOutput = jobs.sorted { $0.output < $1.output }
        for (first, second) in zip(byOutput, byOutput.dropFirst()) where first.output == second.output {
            throw ValidationError("\(first.input.name) and \(second.input.name) would both become \(first.output)")
        }
        // Another run of a farm may make it in the same moment.
        if !exists && output.withCString({ mkdir($0, 0o777) }) != 0 && errno != EEXIST {
            Failure.say("\(output): cannot make this folder: \(String(cString: strerror(errno)))")
            throw Failure.other
        }
        return jobs
    }

    /// How much work every GIF is: its bytes, or the same for all where one of them has no size.
    static func weights(_ jobs: [Conversion]) -> [Double] {
        let sizes = jobs.map { job -> Double? in
            var status = stat()
            guard !job.input.isStandardInput, job.input.path.withCString({ stat($0, &status) }) == 0,
                status.st_mode & S_IFMT == S_IFREG
            else { return nil }
            return Double(status.st_size)
        }
        return sizes.allSatisfy { $0 != nil } ? sizes.compactMap(\.self) : sizes.map { _ in 1 }
    }

    /// The kind of the one output.
    private func kindOfFile() throws -> OutputKind {
        if let kind {
            guard output.ending.text?.lowercased() == ".\(kind.fileExtension)" else {
                throw ValidationError(
                    "\(output): --to \(kind.rawValue) makes .\(kind.fileExtension); the name should end in that")
            }
            return kind
        }
        guard let kind = OutputKind(path: output) else {
            var known: [String] = []
            for kind in OutputKind.allCases where !known.contains(".\(kind.fileExtension)") {
                known.append(".\(kind.fileExtension)")
            }
            throw ValidationError(
                "\(output): cannot tell what to make; the name should end in one of \(known.joined(separator: ", "))")
        }
        return kind
    }

    private func nameInFolder(_ input: Path, _ kind: OutputKind) throws -> Path {
        let file = GIFFile(path: input)
        guard let stem = file.stem, let ending = Path(text: ".\(kind.fileExtension)") else {
            throw ValidationError("\(file.name) has no name for a file in a folder: give the file's with -o FILE")
        }
        return stem + ending
    }

    private func job(_ input: Path, _ output: Path, _ kind: OutputKind) throws -> Conversion {
        let options = try stream.restoration(
            rate: pictures.rate, loop: pictures.loop, canKeepAlpha: kind.container?.canKeepAlpha ?? false)
        return Conversion(input: GIFFile(path: input), output: output, kind: kind, options: options)
    }
}
