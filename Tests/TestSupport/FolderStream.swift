/// Configurations of one stream from the folder `in` to Y4M files in `out`, without networks.
public enum FolderStream {
    /// - Parameters:
    ///   - settings: more tables, and keys of `[jobs]`, which is the last of them.
    ///   - keys: of the stream.
    public static func configuration(_ settings: String = "[jobs]", _ keys: String = "") -> String {
        """
        \(settings)
        retry_delay = 0.1
        retry_delay_limit = 0.2
        [[stream]]
        name = "drop"
        source = "folder"
        folder = "in"
        settle = 0.2
        output = "out"
        encoder = "y4m"
        rate = "25"
        profile = "none"
        \(keys)

        """
    }
}
