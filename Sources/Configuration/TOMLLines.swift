/// Finds the lines of keys in a TOML text that a parser has found sound; parsers of TOML keep them to themselves.
///
/// Knows as much TOML as it takes to tell keys from values: table headers, dotted and quoted keys, strings of all four
/// kinds, brackets and comments. Keys inside inline tables have the line of the key that holds them.
struct TOMLLines {
    private var lines: [String: Int] = [:]

    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.scan()
        lines = scanner.lines
    }

    /// The line of a dotted path such as `stream[0].rate`, or else of what holds it.
    subscript(path: String) -> Int? {
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<end]
        }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var lines: [String: Int] = [:]
        private var at = 0
        private var line = 1
        /// The table that keys belong to, with a dot behind it, or empty.
        private var prefix = ""
        /// Elements so far of every array of tables.
        private var counts: [String: Int] = [:]

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

        private mutating func step() {
            if byte == UInt8(ascii: "\n") { line += 1 }
            at += 1
        }

        private func starts(with text: StaticString) -> Bool {
            text.withUTF8Buffer { bytes[at...].starts(with: $0) }
        }

        mutating func scan() {
            while let next = byte {
                switch next {
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): step()
                case UInt8(ascii: "#"): skipComment()
                case UInt8(ascii: "["): header()
                default: keyAndValue()
                }
            }
        }

        private mutating func header() {
            let here = line
            let isArray = starts(with: "[[")
            at += isArray ? 2 : 1
            let names = key(endsAt: UInt8(ascii: "]"))
            at += isArray ? 2 : 1
            var path = ""
            for (index, name) in names.enumerated() {
                path += path.isEmpty ? name : ".\(name)"
                if isArray && index == names.count - 1 { counts[path, default: 0] += 1 }
                if let count = counts[path] { path += "[\(count - 1)]" }
            }
            if lines[path] == nil { lines[path] = here }
            prefix = path + "."
        }

        private mutating func keyAndValue() {
            let here = line
            let names = key(endsAt: UInt8(ascii: "="))
            step()
            var path = prefix
            for (index, name) in names.enumerated() {
                path += index == 0 ? name : ".\(name)"
                if lines[path] == nil { lines[path] = here }
            }
            skipValue()
        }

        /// A dotted key; stops at the byte that ends it.
        private mutating func key(endsAt end: UInt8) -> [String] {
            var names: [String] = []
            var name: [UInt8] = []
            while let next = byte, next != end {
                switch next {
                case UInt8(ascii: "."):
                    names.append(String(decoding: name, as: UTF8.self))
                    name = []
                    at += 1
                case UInt8(ascii: "\""), UInt8(ascii: "'"):
                    let start = at + 1
                    skipString()
                    name += bytes[start..<max(start, min(at, bytes.count) - 1)]
                case UInt8(ascii: " "), UInt8(ascii: "\t"): at += 1
                default:
                    name.append(next)
                    step()
                }
            }
            return names + [String(decoding: name, as: UTF8.self)]
        }

        private mutating func skipValue() {
            var depth = 0
            while let next = byte {
                switch next {
                case UInt8(ascii: "\n") where depth == 0: return
                case UInt8(ascii: "#"): skipComment()
                case UInt8(ascii: "\""), UInt8(ascii: "'"): skipString()
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    depth += 1
                    at += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"):
                    depth -= 1
                    at += 1
                default: step()
                }
            }
        }

        private mutating func skipComment() {
            while let next = byte, next != UInt8(ascii: "\n") { at += 1 }
        }

        private mutating func skipString() {
            guard let quote = byte else { return }
            let isBasic = quote == UInt8(ascii: "\"")
            let isLong = starts(with: isBasic ? "\"\"\"" : "'''")
            at += isLong ? 3 : 1
            while let next = byte {
                if isBasic && next == UInt8(ascii: "\\") {
                    step()
                    step()
                } else if next == quote && (!isLong || starts(with: isBasic ? "\"\"\"" : "'''")) {
                    at += isLong ? 3 : 1
                    // A long string may end with up to two quotes of its own.
                    while isLong && byte == quote { at += 1 }
                    return
                } else {
                    step()
                }
            }
        }
    }
}
