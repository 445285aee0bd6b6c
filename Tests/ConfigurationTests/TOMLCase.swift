/// A TOML document, and what has to be read from it, or what is wrong with it.
struct TOMLCase: Sendable {
    let text: String
    /// As `TOMLWriter` writes the values; in one line, with "; " between the keys. Of a mistake, `LINE: ` and how its message begins.
    let expected: String

    init(_ text: String, _ expected: String) {
        self.text = text
        self.expected = expected
    }
}
