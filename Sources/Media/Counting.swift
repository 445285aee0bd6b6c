extension Int {
    /// A number with what it counts: "1 frame", "2 frames".
    /// - Parameter noun: in the singular, of those that form the plural with an s.
    public func counted(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
