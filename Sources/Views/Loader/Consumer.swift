import Files

/// The consumer's side of a loader: its epoch, and the images that could not be used.
final class Consumer: Sendable {
    private struct State {
        var epoch: Int
        var bad = Set<Int>()
        var quarantine: [QuarantineRecord] = []
        var failure: LoaderError?
    }

    private let source: any Source
    private let policy: BadImagePolicy
    private let end: Int
    private let state: Locked<State>

    init(source: any Source, policy: BadImagePolicy, epoch: Int, end: Int) {
        self.source = source
        self.policy = policy
        self.end = end
        state = Locked(State(epoch: epoch))
    }

    var quarantine: [QuarantineRecord] { state.withLock { $0.quarantine } }

    func next(from ring: SlotRing, deadline: Date? = nil) throws(LoaderError) -> Loader.Delivery {
        while true {
            let (epoch, failure) = state.withLock { ($0.epoch, $0.failure) }
            if let failure { throw failure }
            switch ring.next(epoch: epoch, deadline: deadline) {
            case .stopped: throw .stopped
            case .allHeld: throw .allHeld(ring.slots)
            case .pending: return .pending
            case .endOfEpoch:
                state.withLock { $0.epoch = min($0.epoch + 1, end) }
                return .endOfEpoch
            case .batch(let slot):
                if !slot.failures.isEmpty { try leaveOut(slot) }
                if slot.batch.count > 0 { return .batch(slot.batch) }
                ring.giveBack()
            }
        }
    }

    private func leaveOut(_ slot: SlotRing.Slot) throws(LoaderError) {
        let batch = slot.batch
        let failure: LoaderError? = state.withLock { state in
            for (row, error) in slot.failures where state.failure == nil {
                let sample = batch.samples[row]
                let name = source.name(sample)
                guard case .skip(let maximum) = policy else {
                    state.failure = .badImage(DecodeError(error.kind, path: name, reason: error.reason))
                    break
                }
                guard state.bad.insert(sample).inserted else { continue }
                let record = QuarantineRecord(
                    sample: sample, name: name, kind: error.kind, reason: error.reason, epoch: batch.epoch)
                state.quarantine.append(record)
                if Double(state.bad.count) > maximum * Double(source.count) {
                    state.failure = .tooManyBad(bad: state.bad.count, total: source.count, example: record)
                }
            }
            return state.failure
        }
        if let failure { throw failure }
        let failed = Set(slot.failures.map(\.row))
        batch.keep(rows: (0..<batch.count).filter { !failed.contains($0) })
        batch.mix()
    }
}
