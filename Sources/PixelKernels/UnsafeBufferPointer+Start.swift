extension UnsafeBufferPointer {
    /// The address of the first element, for a C function. The buffer is not empty.
    package var start: UnsafePointer<Element> {
        guard let baseAddress else { preconditionFailure("the start of an empty buffer") }
        return baseAddress
    }
}
