import Testing
import TestSupport

@testable import Inference

/// States that take turns have one memory, as long as one of them lives.
@Suite struct NetworkMemoryTests {
    private struct Banded: Error {}
    private struct WholeMaps: Error {}

    private let net: UNet

    init() throws {
        let fixture = try Fixture("unets", in: .module)
        let test = try #require(
            try fixture.cases(as: UNetTests.Case.self).first {
                if case .shuffle = $0.unet.architecture { true } else { false }
            })
        net = try UNet(test.unet, weights: fixture.file.weights, prefix: "\(test.name).")
    }

    @Test func statesOfOneLayoutLeaseTheSameMapsAndScratch() {
        let memory = NetworkMemory()
        let first = net.makeState(height: 40, width: 52, in: memory)
        let second = net.makeState(height: 40, width: 52, in: memory)
        #expect(first.maps === second.maps && first.workspace === second.workspace)
    }

    @Test func anotherSizeAnotherMemoryOrAWishForMapsOfItsOwnGetsOtherMaps() {
        let memory = NetworkMemory()
        let first = net.makeState(height: 40, width: 52, in: memory)
        #expect(net.makeState(height: 40, width: 60, in: memory).maps !== first.maps)
        #expect(net.makeState(height: 40, width: 52).maps !== first.maps)
        let own = net.makeState(height: 40, width: 52, in: memory, keepsMaps: true)
        #expect(own.maps !== first.maps && own.workspace === first.workspace)
        #expect(net.makeState(height: 40, width: 52, in: memory, keepsMaps: true).maps !== own.maps)
        #expect(net.makeState(height: 40, width: 52, in: memory).maps === first.maps)
    }

    @Test func bandsLeaseTheSameMapsAlsoIfMapsShouldBeKept() {
        let memory = NetworkMemory()
        let first = net.makeState(height: 40, width: 52, band: 16, in: memory, keepsMaps: true)
        #expect(net.makeState(height: 40, width: 52, band: 16, in: memory, keepsMaps: true).maps === first.maps)
        #expect(net.makeState(height: 40, width: 52, band: 24, in: memory).maps !== first.maps)
        #expect(net.makeState(height: 40, width: 52, in: memory).maps !== first.maps)
    }

    @Test func mapsEndWithTheLastStateThatLeasesThem() {
        let memory = NetworkMemory()
        weak var maps: UNetState.Maps?
        do {
            let first = net.makeState(height: 40, width: 52, in: memory)
            let second = net.makeState(height: 40, width: 52, in: memory)
            maps = first.maps
            #expect(second.maps === maps)
        }
        #expect(maps == nil)
    }

    @Test func whatIsBorrowedLiesInLeasedMapsThatAreLargeEnoughAndNeverInMapsThatAreKept() throws {
        let memory = NetworkMemory()
        let kept = net.makeState(height: 80, width: 104, in: memory, keepsMaps: true)
        let leased = net.makeState(height: 40, width: 52, in: memory)
        func buffer(of state: UNetState) throws -> HugePageBuffer {
            guard case .shuffle(let activations) = state.maps.activations else {
                throw Banded()
            }
            return activations.memory
        }
        let (own, other) = (try buffer(of: leased), try buffer(of: kept))
        #expect(memory.borrow(own.byteCount) { buffer, start in buffer === own && start == 0 })
        #expect(memory.borrow(own.byteCount + 1) { buffer, _ in buffer !== own && buffer !== other })
    }

    @Test func inAnArenaBandsAndWhatIsBorrowedArePartsOfIt() throws {
        let plan = net.bandPlan(height: 40, width: 52, band: 16)
        let arena = Arena(byteCount: plan.byteCount)
        let memory = NetworkMemory(in: arena)
        let state = net.makeState(height: 40, width: 52, band: 16, in: memory)
        guard case .bands(_, let used) = state.maps.activations else { throw WholeMaps() }
        #expect(used === arena)
        let isPart = memory.borrow(100) { buffer, start in buffer === arena.memory && start == 0 && arena.used >= 100 }
        #expect(isPart && arena.used == 0)
    }
}
