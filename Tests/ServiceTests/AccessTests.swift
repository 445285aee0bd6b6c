import Configuration
import Control
import Foundation
import Testing

@testable import Service

@Suite struct AccessTests {
    private func allows(_ users: [String], _ user: UInt32) -> Bool {
        var control = ControlConfiguration(socket: "/nowhere")
        control.allowedUsers = users
        return AccessList(control).allows(Peer(user: user, groups: [user]))
    }

    /// By name, as /etc/passwd has it, or by number.
    @Test func usersAreAllowedByNameAndNumber() {
        #expect(allows(["nobody"], 65534) && !allows(["nobody"], 65533))
        #expect(
            allows(["4711", "daemon"], 4711) && allows(["4711", "daemon"], 1) && !allows(["4711", "daemon"], 65534))
        #expect(!allows(["no-such-user"], 65534))
    }

    @Test func withoutAListEverybodyIsAllowed() {
        #expect(allows([], 65534))
    }

    @Test func rootAndTheDaemonsUserAreAlwaysAllowed() {
        #expect(allows(["daemon"], 0) && allows(["daemon"], geteuid()))
    }
}
