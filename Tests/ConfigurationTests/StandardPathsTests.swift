import Configuration
import Testing

@Suite struct StandardPathsTests {
    private func paths(_ variables: [String: String], isRoot: Bool, files: [String] = []) -> StandardPaths {
        StandardPaths(environment: { variables[$0] }, isRoot: isRoot, exists: { files.contains($0) })
    }

    @Test func systemdSaysWhere() {
        let paths = paths(
            ["STATE_DIRECTORY": "/var/lib/g:/x", "RUNTIME_DIRECTORY": "/run/g", "HOME": "/h"], isRoot: false)
        #expect(paths.stateFolder == "/var/lib/g" && paths.socket == "/run/g/control")
    }

    @Test func rootHasTheSystemsFolders() {
        let paths = paths(["HOME": "/root"], isRoot: true, files: ["/root/.config/gif2video/gif2video.toml"])
        #expect(paths.configuration == "/etc/gif2video/gif2video.toml")
        #expect(paths.stateFolder == "/var/lib/gif2video" && paths.socket == "/run/gif2video/control")
    }

    @Test func usersHaveTheirOwn() {
        let paths = paths(
            ["HOME": "/home/u", "XDG_RUNTIME_DIR": "/run/user/7"], isRoot: false,
            files: ["/home/u/.config/gif2video/gif2video.toml"])
        #expect(paths.configuration == "/home/u/.config/gif2video/gif2video.toml")
        #expect(paths.stateFolder == "/home/u/.local/state/gif2video")
        #expect(paths.socket == "/run/user/7/gif2video/control")
    }
}
