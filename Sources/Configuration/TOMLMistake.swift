import Filesystem

/// The place where a text is no TOML.
struct TOMLMistake: Error {
    /// From 1.
    let line: Int
    /// Says what is wrong and, where that helps, what to write.
    let message: String

    /// A piece of the file, short and safe to show.
    static func excerpt(_ text: some Collection<UInt8>) -> String {
        let most = 60
        return PrintableText.of(text.prefix(most)) + (text.count > most ? "..." : "")
    }
}
