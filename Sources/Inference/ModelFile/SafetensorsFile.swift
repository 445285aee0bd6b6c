import CKernels
import FoundationEssentials
import Glibc
import PixelKernels

/// An open safetensors file: 8 bytes of header length (little-endian), a JSON header, then the tensors' bytes.
///
/// https://github.com/huggingface/safetensors#format. Everything in the file is checked before it is used: lengths and
/// offsets against the file's size before anything of that size is allocated.
final class SafetensorsFile {
    /// Far above any header of ours; a foreign file's first 8 bytes are seldom below.
    private static let longestHeader = 16 << 20

    let path: String
    let header: SafetensorsHeader
    private let descriptor: Int32
    private let dataStart: Int

    /// Opens the file and reads its header.
    init(_ path: String) throws(ModelError) {
        self.path = path
        // O_NONBLOCK: to open a FIFO would wait for its writer.
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            // A socket cannot be opened.
            let reason =
                errno == ENXIO
                ? "a socket or a device, where a model file is expected" : String(cString: strerror(errno))
            throw ModelError(path: path, reason: reason)
        }
        do {
            (header, dataStart) = try Self.readHeader(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit {
        close(descriptor)
    }

    private static func readHeader(_ descriptor: Int32, _ path: String) throws(ModelError) -> (SafetensorsHeader, Int) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw ModelError(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let kind =
                switch status.st_mode & S_IFMT {
                case S_IFIFO: "a FIFO"
                case S_IFDIR: "a folder"
                default: "a device"
                }
            throw ModelError(path: path, reason: "\(kind), where a model file is expected")
        }
        guard fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK) == 0 else {
            throw ModelError(path: path, reason: String(cString: strerror(errno)))
        }
        let size = Int(status.st_size)
        guard size >= 8 else {
            throw ModelError(path: path, reason: "not a safetensors file: only \(size) bytes")
        }
        let prefix: [UInt8] = try read(descriptor, path, at: 0, count: 8)
        let length = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length >= 2 && length <= longestHeader else {
            throw ModelError(path: path, reason: "not a safetensors file: header length \(length)")
        }
        guard length <= size - 8 else {
            throw ModelError(
                path: path, reason: "truncated or not a safetensors file: a header of \(length) bytes in \(size)")
        }
        let dataStart = 8 + Int(length)
        let text: [UInt8] = try read(descriptor, path, at: 8, count: Int(length))
        return (try SafetensorsHeader(text, dataSize: size - dataStart, path: path), dataStart)
    }

    /// Reads every tensor, as float32.
    func readTensors() throws(ModelError) -> [String: ModelWeights.Entry] {
        var entries: [String: ModelWeights.Entry] = [:]
        for (name, tensor) in header.tensors {
            let values: [Float]
            switch tensor.type {
            case .float32:
                let bits: [UInt32] = try Self.read(
                    descriptor, path, at: dataStart + tensor.bytes.lowerBound, count: tensor.bytes.count / 4)
                values = bits.map { Float(bitPattern: UInt32(littleEndian: $0)) }
            case .float16:
                let bits: [UInt16] = try Self.read(
                    descriptor, path, at: dataStart + tensor.bytes.lowerBound, count: tensor.bytes.count / 2)
                values = [Float](unsafeUninitializedCapacity: bits.count) { values, count in
                    if let first = values.baseAddress {
                        Kernels.best.table.halves(bits.map(UInt16.init(littleEndian:)), bits.count, first)
                    }
                    count = bits.count
                }
            }
            entries[name] = ModelWeights.Entry(shape: tensor.shape, values: values)
        }
        return entries
    }

    private static func read<T: FixedWidthInteger>(
        _ descriptor: Int32, _ path: String, at offset: Int, count: Int
    ) throws(ModelError) -> [T] {
        var failure: ModelError?
        let values = [T](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            var done = 0
            while done < count * MemoryLayout<T>.stride {
                let status = pread(
                    descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
                if status < 0 && errno == EINTR { continue }
                guard status > 0 else {
                    let ending = "truncated: it ends at byte \(offset + done)"
                    failure = ModelError(path: path, reason: status < 0 ? String(cString: strerror(errno)) : ending)
                    break
                }
                done += status
            }
            initialized = done / MemoryLayout<T>.stride
        }
        if let failure { throw failure }
        return values
    }
}
