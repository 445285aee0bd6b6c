import Testing
import Threads

@Suite struct BoundedQueueTests {
    private struct Broken: Error {}

    @Test func elementsLeaveInOrderAndTheEndFollows() throws {
        let queue = BoundedQueue<Int>(capacity: 3)
        let producer = try NamedThread("producer") {
            for value in 0..<1000 { #expect(queue.push(value)) }
            queue.finish()
        }
        for value in 0..<1000 { #expect(try queue.pop() == value) }
        #expect(try queue.pop() == nil)
        #expect(try queue.pop() == nil)
        producer.join()
    }

    @Test func holdsNoMoreThanItsCapacity() throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        let pushed = Monitor(0)
        let producer = try NamedThread("producer") {
            for value in 0..<6 {
                _ = queue.push(value)
                pushed.update { $0 += 1 }
            }
            queue.finish()
        }
        for taken in 1...6 {
            pushed.whenever({ $0 >= min(taken + 1, 6) }) { _ in }
            // At most the capacity is queued, and one more push may be on its way.
            #expect(pushed.withLock { $0 } <= taken - 1 + 2)
            #expect(try queue.pop() == taken - 1)
        }
        producer.join()
    }

    /// Elements of ten bytes: two of them are as many as may wait. One of a hundred waits alone.
    @Test func holdsNoMoreBytesThanItMay() throws {
        let queue = BoundedQueue<Int>(capacity: 4, byteCapacity: 25, bytes: { $0 })
        let pushed = Monitor(0)
        let sizes = [10, 10, 10, 100, 10, 10]
        // Elements that have been pushed when so many were taken, at the least and at the most.
        let expected = [2, 3, 3, 4, 6, 6, 6]
        let producer = try NamedThread("producer") {
            for size in sizes {
                _ = queue.push(size)
                pushed.update { $0 += 1 }
            }
            queue.finish()
        }
        for (taken, size) in sizes.enumerated() {
            pushed.whenever({ $0 >= expected[taken] }) { _ in }
            #expect(pushed.withLock { $0 } == expected[taken])
            #expect(try queue.pop() == size)
        }
        #expect(try queue.pop() == nil)
        producer.join()
    }

    @Test func aFailureComesAfterWhatWasQueued() throws {
        let queue = BoundedQueue<Int>(capacity: 4)
        _ = queue.push(1)
        queue.finish(throwing: Broken())
        #expect(try queue.pop() == 1)
        #expect(throws: Broken.self) { try queue.pop() }
    }

    @Test func cancellingReleasesBothSides() throws {
        let full = BoundedQueue<Int>(capacity: 1)
        _ = full.push(1)
        let result = Monitor<Bool?>(nil)
        let producer = try NamedThread("producer") {
            let taken = full.push(2)
            result.update { $0 = taken }
        }
        full.cancel()
        producer.join()
        #expect(result.withLock { $0 } == false)
        #expect(try full.pop() == nil)

        let empty = BoundedQueue<Int>(capacity: 1)
        let ended = Monitor(false)
        let consumer = try NamedThread("consumer") {
            let element = try? empty.pop()
            ended.update { $0 = element == nil }
        }
        empty.cancel()
        consumer.join()
        #expect(ended.withLock { $0 })
    }
}
