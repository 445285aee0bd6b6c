import Media
import Testing

@Suite struct CountingTests {
    @Test func oneIsSingular() {
        #expect([0, 1, 2].map { $0.counted("frame") } == ["0 frames", "1 frame", "2 frames"])
    }
}
