/// A TOML file as values with their lines. The only place that knows the parser.
package struct TOMLDocument: Sendable {
    package let root: TOMLTable

    /// - Throws: `ConfigurationProblem` with the line of the first mistake.
    package init(_ text: String, file: String) throws(ConfigurationProblem) {
        var parser = TOMLParser(text)
        do throws(TOMLMistake) {
            root = try parser.document()
        } catch {
            throw ConfigurationProblem(file: file, line: error.line, key: nil, message: error.message)
        }
    }
}
