import Foundation
import TestSupport
import Testing

/// The daemon's messages to systemd, received on a socket of the test's. Under a real systemd: scripts/test-systemd.
@Suite(.serialized) struct ServiceManagerTests {
    /// A datagram socket like systemd's.
    private final class Listener {
        let path: String
        private let descriptor: Int32
        private(set) var messages: [String] = []

        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        deinit {
            close(descriptor)
        }

        /// All that was said so far.
        func heard() -> [String] {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { return messages }
                messages.append(String(decoding: buffer[..<count], as: UTF8.self))
            }
        }

        func count(_ start: String) -> Int { heard().count { $0.hasPrefix(start) } }
    }

    @Test func systemdIsToldWhatHappens() throws {
        let folder = try TemporaryFolder()
        let listener = try Listener(folder.path("notify"))
        let daemon = try DaemonProcess(
            FolderStream.configuration(),
            environment: ["NOTIFY_SOCKET": listener.path, "WATCHDOG_USEC": "400000"])
        try daemon.start()
        try daemon.waitUntil("it is ready") { listener.count("READY=1") == 1 }
        try daemon.waitUntil("the watchdog is fed") { listener.count("WATCHDOG=1") > 3 }
        try daemon.drop(ExampleGIF.drifting(frames: 3), "in/a.gif")
        try daemon.waitUntil("live figures", seconds: 30) {
            listener.heard().contains { $0.hasPrefix("STATUS=running: 0 running, 0 waiting, 1 done, 0 failed, ") }
        }
        kill(daemon.processIdentifier, SIGHUP)
        try daemon.waitUntil("the reload") { listener.count("READY=1") == 2 }
        let reloading = try #require(listener.heard().first { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        #expect(Int(reloading.split(separator: "=").last ?? "") ?? 0 > 0)
        #expect(daemon.stop() == 0)
        let last = listener.heard()
        let stopping = try #require(last.firstIndex(of: "STOPPING=1"))
        #expect(last[stopping...].contains { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") })
    }
}
