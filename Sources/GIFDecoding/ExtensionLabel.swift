/// The labels of the extensions that mean something here; all others are skipped.
enum ExtensionLabel {
    static let plainText: UInt8 = 0x01
    static let graphicControl: UInt8 = 0xF9
    static let application: UInt8 = 0xFF
}
