import Inference
import PixelKernels
import TestSupport
import Testing

@testable import Restoration

@Suite struct ChangeLogTests {
    private func column(_ x: Int) -> Region {
        var region = Region(height: 4, width: 10)
        region.insert(rows: 0..<4, columns: x..<x + 1)
        return region
    }

    /// Frames 0, 1 ...: each differs from the one before in the column of its number.
    private func log(memory: Int = ChangeLog.usualMemory, frames: Int) -> ChangeLog {
        var log = ChangeLog(memory: memory)
        for number in 0..<frames { log.append(number, height: 4, width: 10, change: column(number)) }
        return log
    }

    @Test func changesBetweenTwoFramesAreAllThoseOnTheWay() {
        let log = log(frames: 5)
        var expected = column(2)
        expected.formUnion(column(3))
        #expect(log.region(from: 1, to: 3) == expected)
        #expect(log.region(from: 3, to: 4) == column(4))
        #expect(log.region(from: 3, to: 3)?.isEmpty == true)
    }

    @Test func whatIsNotKnownIsAnywhere() {
        let log = log(memory: 3, frames: 6)
        #expect(log.region(from: nil, to: 5) == nil)
        #expect(log.region(from: 2, to: 5) == nil)
        #expect(log.region(from: 3, to: 5) != nil)
        #expect(log.region(from: 5, to: 4) == nil)
        #expect(log.region(from: 5, to: 6) == nil)
        #expect(ChangeLog().region(from: -1, to: -1) == nil)
    }

    @Test func aFrameThatMayDifferAnywhereEndsWhatIsKnown() {
        var log = log(frames: 3)
        log.append(3, height: 4, width: 10, change: nil)
        #expect(log.region(from: 2, to: 3) == nil)
        #expect(log.region(from: 1, to: 2) == nil)
        log.append(4, height: 4, width: 10, change: column(4))
        #expect(log.region(from: 3, to: 4) == column(4))
        // A gap does as well.
        log.append(6, height: 4, width: 10, change: column(6))
        #expect(log.region(from: 4, to: 6) == nil)
        #expect(log.region(from: 6, to: 6)?.isEmpty == true)
    }

    @Test func aLogWithoutMemoryKnowsNothing() {
        let log = log(memory: 0, frames: 4)
        #expect(log.region(from: 2, to: 3) == nil)
        #expect(log.region(from: 3, to: 3) == nil)
    }

    @Test func aFrameIsOfTheSequenceAsItWas() {
        var log = log(frames: 3)
        let tensor = Tensor(3, 4, 10)
        let frame = SequenceFrame(tensor.view, number: 2, log: log)
        log.append(3, height: 4, width: 10, change: nil)
        #expect(frame.changes(since: 1) == column(2))
        #expect(frame.changes(since: 3) == nil)
        #expect(SequenceFrame(tensor.view).changes(since: nil) == nil)
    }
}
