/// The rules of what may be added to which table (TOML 1.0, "Keys", "Table" and "Array of Tables").
extension TOMLBranch {
    private func add(_ origin: Origin, _ name: String, _ line: Int) -> TOMLBranch {
        let table = TOMLBranch(origin, depth: depth + 1, line: line)
        items[name] = (line, .table(table))
        return table
    }

    /// The table that `[key]` opens in the file whose top this is.
    /// - Throws: a mistake when there is something of that name that is open already or that a header cannot open.
    func open(_ key: TOMLKey) throws(TOMLMistake) -> TOMLBranch {
        let holder = try holder(of: key)
        guard let (line, item) = holder.items[key.name] else { return holder.add(.header, key.name, key.line) }
        switch item {
        case .table(let table) where table.origin == .implied:
            (table.origin, table.line) = (.header, key.line)
            return table
        case .table(let table):
            let line = table.line ?? line
            throw key.mistake(
                table.origin == .header
                    ? "the table \(key.text) is there twice (first in line \(line))"
                    : "dotted keys made the table \(key.text) (line \(line)): no header can open it")
        case .tables: throw key.mistake("\(key.text) is an array of tables (line \(line)): write [[\(key.text)]]")
        case .value: throw key.mistake("\(key.text) has a value (line \(line)): no header can open it")
        }
    }

    /// The table that `[[key]]` adds in the file whose top this is.
    /// - Throws: a mistake when there is something else of that name.
    func append(_ key: TOMLKey) throws(TOMLMistake) -> TOMLBranch {
        let holder = try holder(of: key)
        let table = TOMLBranch(depth: holder.depth + 2, line: key.line)
        switch holder.items[key.name] {
        case nil: holder.items[key.name] = (key.line, .tables(Row(table)))
        case (_, .tables(let row))?: row.append(table)
        case (let line, .table)?:
            throw key.mistake("\(key.text) is a table (line \(line)): [[\(key.text)]] cannot add to it")
        case (let line, .value)?:
            throw key.mistake("\(key.text) has a value (line \(line)): [[\(key.text)]] cannot add to it")
        }
        return table
    }

    /// The table that holds what a header names; missing ones are made. An array of tables stands for its last one.
    private func holder(of key: TOMLKey) throws(TOMLMistake) -> TOMLBranch {
        var table = self
        for (index, name) in key.holders.enumerated() {
            switch table.items[name] {
            case nil: table = table.add(.implied, name, key.line)
            case (_, .table(let next))?: table = next
            case (_, .tables(let row))?: table = row.last
            case (let line, .value)?:
                throw key.mistake("\(key.text(holders: index + 1)) has a value (line \(line)): no table can lie in it")
            }
        }
        return table
    }

    /// Gives a key of this table its value.
    /// - Throws: a mistake when the key is there, or when its way leads through what dotted keys cannot add to.
    func set(_ key: TOMLKey, _ value: TOMLNode) throws(TOMLMistake) {
        var table = self
        for (index, name) in key.holders.enumerated() {
            switch table.items[name] {
            case nil: table = table.add(.dottedKeys, name, key.line)
            case (_, .table(let next))? where next.origin != .header:
                if next.origin == .implied { (next.origin, next.line) = (.dottedKeys, key.line) }
                table = next
            case (let line, .value)?:
                throw key.mistake("\(key.text(holders: index + 1)) has a value (line \(line)): no key can lie in it")
            case (let line, _)?:
                let text = key.text(holders: index + 1)
                throw key.mistake("a header made \(text) (line \(line)): keys of it stand below that header")
            }
        }
        if let (line, _) = table.items[key.name] {
            throw key.mistake("the key \(key.text) is there twice (first in line \(line))")
        }
        table.items[key.name] = (key.line, .value(value))
    }
}
