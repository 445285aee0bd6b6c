import CLinux
import Glibc
import Inference

/// Loads a model file, and reads from its header all that networks ask for.
enum ModelTarget {
    static func run(_ bytes: [UInt8]) {
        let descriptor = clinux_unnamed_file("/dev/shm")
        precondition(descriptor >= 0, "no file in memory: errno \(errno)")
        defer { close(descriptor) }
        precondition(write(descriptor, bytes, bytes.count) == bytes.count, "a short file in memory")
        do throws(ModelError) {
            check(try ModelFile.load("/proc/self/fd/\(descriptor)"))
        } catch {
            precondition(!error.description.isEmpty, "an error without a text")
        }
    }

    private static func check(_ file: ModelFile) {
        for (name, entry) in file.weights.entries {
            precondition(entry.shape.reduce(1, *) == entry.values.count, "tensor \(name): \(entry.shape)")
        }
        _ = try? file.configuration(as: UNetConfiguration.self)
        _ = try? file.thresholds.ramp(from: "a", to: "b", in: 0...1)
        for (name, entry) in file.weights.entries { _ = try? file.weights.take(name, shape: entry.shape) }
        precondition((try? file.weights.requireAllTaken()) != nil || !file.weights.entries.isEmpty, "nothing is left")
    }

    static var seeds: [[UInt8]] {
        let metadata = #"""
            "__metadata__":{"format":"gif2video-model","version":"1","architecture":"ccdnet",\#
            "config":"{\"unet\":\"shuffle\",\"in\":4,\"out\":3,\"widths\":[8,16],\"slope\":0.1}",\#
            "thresholds":"{\"a\":{\"value\":0.1,\"unit\":\"1\"},\"b\":{\"value\":0.5,\"unit\":\"1\"}}"}
            """#
        let whole =
            #"{\#(metadata),"w":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"#
            + #""h":{"dtype":"F16","shape":[3],"data_offsets":[8,14]}}"#
        return [file(whole, data: 14), file("{\(metadata)}", data: 0)]
    }

    private static func file(_ header: String, data count: Int) -> [UInt8] {
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { [UInt8]($0) }
        return length + Array(header.utf8) + (0..<count).map { UInt8($0) }
    }
}
