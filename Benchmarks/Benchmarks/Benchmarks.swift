import Foundation
import Inference

/// The Swift half of `make bench`: loads networks and runs them, one command a line on standard input, one answer a
/// line on standard output, both JSON. Benchmarks/bench.py is the other half: it decides what runs when, so that our
/// networks, PyTorch's and ONNX Runtime's take turns.
@main
struct Benchmarks {
    /// One line of standard input.
    struct Command: Decodable {
        /// "load", "run", "drop", "peak", "pixels" or "in-betweens"
        let command: String
        let id: String?
        /// Of a network: the model file, the prefix of its tensors, and its shape. Of a layer: its channels and size.
        let file: String?
        let prefix: String?
        let unet: UNetConfiguration?
        let inputs: Int?
        let outputs: Int?
        let size: Int?
        let height: Int?
        let width: Int?
        let threads: Int?
        /// The kernels' highest level, and who multiplies.
        let level: String?
        let products: String?
        /// float32 values for the input, and where to write the output.
        let input: String?
        let output: String?
        let times: Int?
        /// How many lie between two frames.
        let inBetweens: Int?
    }

    static func main() throws {
        let decoder = JSONDecoder()
        var subjects: [String: any Subject] = [:]
        while let line = readLine() {
            let command = try decoder.decode(Command.self, from: Data(line.utf8))
            let id = command.id ?? ""
            var answer = "{}"
            switch command.command {
            case "load":
                subjects[id] = try command.unet == nil ? LayerSubject(command) : NetworkSubject(command)
            case "run":
                guard let subject = subjects[id] else { throw BenchmarkError("nothing is loaded as \(id)") }
                let times = (0..<(command.times ?? 1)).map { _ in Stopwatch.time { subject.run() } }
                answer = "{\"seconds\": \(times.map(\.elapsed)), \"processor\": \(times.map(\.processor))}"
                if let output = command.output { try subject.writeOutput(to: output) }
            case "drop": subjects[id] = nil
            case "peak": answer = Peak.measure(threads: command.threads ?? 1)
            case "pixels": subjects[id] = try PixelSubject(command)
            case "in-betweens": subjects[id] = try InBetweenSubject(command)
            default: throw BenchmarkError("no command \(command.command)")
            }
            FileHandle.standardOutput.write(Data((answer + "\n").utf8))
        }
    }

}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
