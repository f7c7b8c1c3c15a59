import Files

/// A bounded ring of preallocated batches between the workers, who fill rows in order, and one consumer.
///
/// Workers wait while every slot is filled or in use. The consumer waits while the next batch is not complete. Batches
/// come in the order of the plan, independent of the workers and slots that they use.
///
/// `@unchecked Sendable`: `condition` guards all state except the rows of a slot. A row belongs to the worker that
/// claimed it until the worker finishes it, and to the consumer once the batch is complete.
final class SlotRing: @unchecked Sendable {
    /// One batch and its progress.
    final class Slot {
        let batch: ViewBatch
        fileprivate(set) var failures: [(row: Int, error: DecodeError)] = []
        fileprivate var isComplete = false
        fileprivate var unfinished = 0

        init(batch: ViewBatch) { self.batch = batch }
    }

    /// Rows that one worker fills.
    struct Claim {
        let slot: Slot
        let rows: Range<Int>
    }

    private let condition = Condition()
    private let chunk: Int
    private let lag: Int
    private let reuse: BatchReuse
    /// The number of batches in memory.
    let slots: Int
    private let label: @Sendable (Int) -> Int
    private var plan: BatchPlan
    private var filling: (slot: Slot, next: Int)?
    private var started = 0
    private var taken = 0
    private var free: [Slot]
    /// Batches that workers fill or have filled, in the order of the plan.
    private var begun: [Slot] = []
    /// Batches that the consumer holds, the latest last.
    private var held: [Slot] = []
    private var isStopped = false
    private var workers = 0
    private var total = LoaderStatistics()
    private var consumerWait: UInt64 = 0

    /// - Parameters:
    ///   - slots: at least `lag + 2`.
    ///   - lag: earlier batches that stay valid beside the latest.
    ///   - reuse: when the memory of a delivered batch is reused.
    ///   - chunk: the number of rows that a worker claims at a time.
    ///   - label: the class of an image, -1 if it has none.
    init(
        slots: [ViewBatch], lag: Int, reuse: BatchReuse = .afterNext, plan: BatchPlan, chunk: Int,
        label: @escaping @Sendable (Int) -> Int
    ) {
        free = slots.map(Slot.init)
        self.slots = slots.count
        self.reuse = reuse
        begun.reserveCapacity(slots.count)
        held.reserveCapacity(slots.count)
        self.plan = plan
        self.chunk = chunk
        self.lag = lag
        self.label = label
    }

    /// The workers' times so far.
    var statistics: LoaderStatistics { condition.withLock { total } }

    /// Nanoseconds that the consumer spent waiting.
    var waited: UInt64 { condition.withLock { consumerWait } }

    // MARK: Workers

    /// Starts a worker: a thread that runs `body` and ends. Returns false if the system has no more threads.
    func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        condition.withLock { workers += 1 }
        let isStarted = SystemThread.start {
            body()
            self.leave()
        }
        if !isStarted { leave() }
        return isStarted
    }

    private func leave() {
        condition.withLock {
            workers -= 1
            condition.broadcast()
        }
    }

    /// The next rows to fill; waits for room. Nil if there are no more batches.
    func claim() -> Claim? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopped {
            if let (slot, next) = filling {
                let end = min(next + chunk, slot.batch.count)
                filling = end < slot.batch.count ? (slot, end) : nil
                return Claim(slot: slot, rows: next..<end)
            }
            guard started < plan.total else { return nil }
            // The slot that was released last is the likeliest to be in a processor cache.
            guard let slot = free.popLast() else {
                let since = monotonicNanoseconds()
                condition.wait()
                total.idle += monotonicNanoseconds() - since
                continue
            }
            guard let (epoch, index, samples) = plan.next() else { return nil }
            slot.batch.begin(epoch: epoch, index: index, samples: samples, labels: samples.map(label))
            slot.failures = []
            slot.unfinished = samples.count
            slot.isComplete = false
            begun.append(slot)
            started += 1
            filling = (slot, 0)
            // Other workers can claim rows of it.
            condition.broadcast()
        }
        return nil
    }

    /// Returns filled rows and the failures among them.
    func finish(_ claim: Claim, failures: [(row: Int, error: DecodeError)], statistics: LoaderStatistics) {
        let isLast = condition.withLock {
            claim.slot.failures += failures
            claim.slot.unfinished -= claim.rows.count
            total += statistics
            return claim.slot.unfinished == 0
        }
        guard isLast else { return }
        // No other thread touches a batch that is filled and not yet complete. If images failed, the consumer removes
        // them before it mixes the others.
        claim.slot.failures.sort { $0.row < $1.row }
        if claim.slot.failures.isEmpty { claim.slot.batch.mix() }
        condition.withLock {
            claim.slot.isComplete = true
            condition.broadcast()
        }
    }

    /// Whether workers should stop.
    var stopped: Bool { condition.withLock { isStopped } }

    // MARK: The consumer

    /// What the consumer gets.
    enum Delivery {
        case batch(Slot)
        case endOfEpoch
        case stopped
        /// The batch was not complete in time.
        case pending
        /// The consumer holds all slots.
        case allHeld
    }

    /// Releases the batches that need not stay valid, then waits for the next one of `epoch`, at most until `deadline`.
    /// Nil waits without limit, since the system cannot wait until the distant future.
    func next(epoch: Int, deadline: Date? = nil) -> Delivery {
        condition.lock()
        defer { condition.unlock() }
        if reuse == .afterNext {
            while held.count > lag { free.append(held.removeFirst()) }
            condition.broadcast()
        }
        guard !isStopped else { return .stopped }
        guard taken < plan.total, plan.epoch(of: taken) == epoch else { return .endOfEpoch }
        guard held.count < slots else { return .allHeld }
        let since = monotonicNanoseconds()
        var isInTime = true
        while begun.first?.isComplete != true && !isStopped && isInTime {
            if let deadline { isInTime = condition.wait(until: deadline) } else { condition.wait() }
        }
        consumerWait += monotonicNanoseconds() - since
        guard !isStopped else { return .stopped }
        guard begun.first?.isComplete == true else { return .pending }
        taken += 1
        let slot = begun.removeFirst()
        held.append(slot)
        return .batch(slot)
    }

    /// Returns the latest batch unseen, so that it does not make an earlier one invalid.
    func giveBack() {
        condition.withLock {
            if let slot = held.popLast() { free.append(slot) }
            condition.broadcast()
        }
    }

    /// Releases a batch; does nothing if it was released already.
    func release(_ batch: ViewBatch) {
        condition.withLock {
            guard let index = held.firstIndex(where: { $0.batch === batch }) else { return }
            free.append(held.remove(at: index))
            condition.broadcast()
        }
    }

    /// Stops the workers and waits for their end; batches that the consumer holds stay valid.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
            while workers > 0 { condition.wait() }
        }
    }
}
