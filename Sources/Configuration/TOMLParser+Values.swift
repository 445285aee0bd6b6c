/// Values, and those that hold others.
extension TOMLParser {
    func checkDepth(_ depth: Int) throws(TOMLMistake) {
        if depth > Self.deepest { throw mistake("tables and arrays lie more than \(Self.deepest) deep") }
    }

    /// - Parameter depth: how many tables and arrays hold the value.
    mutating func value(depth: Int) throws(TOMLMistake) -> TOMLNode {
        switch next {
        case "\"", "'": .string(try string())
        case "[": try array(depth: depth + 1)
        case "{": try inlineTable(depth: depth + 1)
        default: try word()
        }
    }

    private mutating func array(depth: Int) throws(TOMLMistake) -> TOMLNode {
        try checkDepth(depth)
        let start = line
        var nodes: [TOMLNode] = []
        at += 1
        try skipLines()
        while next != UInt8(ascii: "]") {
            if next == UInt8(ascii: ",") { throw mistake("an array has a comma with no value before it") }
            try checkArrayGoesOn(start)
            nodes.append(try value(depth: depth))
            try skipLines()
            if next == UInt8(ascii: ",") {
                at += 1
                try skipLines()
            } else if next != UInt8(ascii: "]") {
                try checkArrayGoesOn(start)
                throw mistake("\(found) stands where the array of line \(start) has to go on: write , or ]")
            }
        }
        at += 1
        return .array(nodes)
    }

    /// - Parameter start: the line of the array.
    private func checkArrayGoesOn(_ start: Int) throws(TOMLMistake) {
        if next == UInt8(ascii: "}") { throw mistake("an array ends with }: write ]") }
        if next == nil { throw TOMLMistake(line: start, message: "the array has no ] at its end") }
    }

    private mutating func inlineTable(depth: Int) throws(TOMLMistake) -> TOMLNode {
        try checkDepth(depth)
        let table = TOMLBranch(depth: depth, line: line)
        at += 1
        skipBlanks()
        if next != UInt8(ascii: "}") {
            try inlinePair(in: table)
            while next == UInt8(ascii: ",") {
                at += 1
                skipBlanks()
                if next == UInt8(ascii: "}") { throw mistake("an inline table has no comma before its }") }
                try inlinePair(in: table)
            }
        }
        guard next == UInt8(ascii: "}") else { throw inlineMistake }
        at += 1
        return .table(table.finished)
    }

    private mutating func inlinePair(in table: TOMLBranch) throws(TOMLMistake) {
        switch next {
        case nil, "\n", "\r", "#", "]": throw inlineMistake
        default: try pair(in: table)
        }
        skipBlanks()
    }

    private var inlineMistake: TOMLMistake {
        switch next {
        case nil, "\n", "\r", "#": mistake("an inline table has no } in its line")
        case "]": mistake("an inline table ends with ]: write }")
        default: mistake("\(found) stands where an inline table has to go on: write , or }")
        }
    }
}
