/// The program's description in the answer of GetInfo.
public struct VarlinkProduct: Sendable {
    public let vendor: String
    public let product: String
    public let version: String
    public let url: String

    public init(vendor: String, product: String, version: String, url: String) {
        self.vendor = vendor
        self.product = product
        self.version = version
        self.url = url
    }
}

/// org.varlink.service, which every server has.
struct ServiceInterface: VarlinkInterface {
    let name = "org.varlink.service"
    private let product: VarlinkProduct
    private let descriptions: [String: String]

    let description = """
        # The Varlink Service Interface is provided by every varlink service. It
        # describes the service and the interfaces it implements.
        interface org.varlink.service

        # Get a list of all the interfaces a service provides and information
        # about the implementation.
        method GetInfo() -> (
          vendor: string,
          product: string,
          version: string,
          url: string,
          interfaces: []string
        )

        # Get the description of an interface that is implemented by this service.
        method GetInterfaceDescription(interface: string) -> (description: string)

        # The requested interface was not found.
        error InterfaceNotFound (interface: string)

        # The requested method was not found
        error MethodNotFound (method: string)

        # The interface defines the requested method, but the service does not
        # implement it.
        error MethodNotImplemented (method: string)

        # One of the passed parameters is invalid.
        error InvalidParameter (parameter: string)

        # Client is denied access
        error PermissionDenied ()

        # Method is expected to be called with 'more' set to true, but wasn't
        error ExpectedMore ()

        """

    init(product: VarlinkProduct, described: [any VarlinkInterface]) {
        self.product = product
        var descriptions = ["org.varlink.service": description]
        for interface in described { descriptions[interface.name] = interface.description }
        self.descriptions = descriptions
    }

    private struct Info: Encodable {
        let vendor: String
        let product: String
        let version: String
        let url: String
        let interfaces: [String]
    }

    private struct Description: Encodable {
        let description: String
    }

    func answer(_ call: VarlinkCall) throws -> VarlinkAnswer {
        var arguments = VarlinkArguments(call.parameters)
        switch call.method {
        case "GetInfo":
            try arguments.finish()
            return .reply(
                Info(
                    vendor: product.vendor, product: product.product, version: product.version, url: product.url,
                    interfaces: descriptions.keys.sorted()))
        case "GetInterfaceDescription":
            let name = try arguments.string("interface")
            try arguments.finish()
            guard let description = descriptions[name] else { throw VarlinkError.interfaceNotFound(name) }
            return .reply(Description(description: description))
        default: throw VarlinkError.methodNotFound("\(name).\(call.method)")
        }
    }
}
