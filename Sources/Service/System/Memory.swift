import Glibc

/// This process's memory, in bytes.
enum Memory {
    /// Resident now, and at most so far.
    static var now: (resident: Int, peak: Int) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let peak = usage.ru_maxrss << 10
        guard let file = fopen("/proc/self/statm", "re") else { return (peak, peak) }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 128)
        guard fgets(&text, 127, file) != nil else { return (peak, peak) }
        let pages = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (pages.map { $0 * sysconf(Int32(_SC_PAGESIZE)) } ?? peak, peak)
    }
}
