/// What carries tensors on GPUs between ranks; those in main memory go by Gloo.
public enum Carrier: String, Sendable, CaseIterable {
    /// NVIDIA's library, over NVLink and InfiniBand where there is any; each rank needs a GPU of its own.
    case nccl
    /// Over main memory and TCP; ranks may share a GPU.
    case gloo
}

/// This process's place among those that train together, as a launcher's environment variables say it.
///
/// `torchrun` sets `RANK`, `LOCAL_RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`; so can any script. `mpirun` sets
/// `OMPI_COMM_WORLD_RANK` and its like instead; on one machine the address is then the loopback's and the port 29500 where
/// nothing else is said.
public struct JobEnvironment: Equatable, Sendable {
    /// This process's number, from 0.
    public var rank = 0
    /// Processes in all.
    public var ranks = 1
    /// This process's number on its machine, which chooses its GPU.
    public var localRank = 0
    /// Processes on this machine, which share its processors; nil where nobody says.
    public var localRanks: Int?
    /// Where rank 0 is.
    public var host = "127.0.0.1"
    /// The port that rank 0 listens on.
    public var port = 29500
    /// Seconds that a rank waits for the others, at the beginning and in each collective.
    public var timeout = 60.0
    /// How often the launcher started the job again.
    public var restarts = 0
    /// What carries tensors on GPUs, where `DIPTYCH_CARRIER` says it.
    public var carrier: Carrier?

    /// Whether this process meets others: a single one does only where a carrier is named, as to try it.
    public var isJob: Bool { ranks > 1 || carrier != nil }

    /// One process alone.
    public init() {}

    /// Reads the variables.
    /// - Throws: `ProcessGroupError` naming the variable that is missing or makes no sense.
    public init(_ environment: [String: String]) throws(ProcessGroupError) {
        func number(_ names: [String], in range: ClosedRange<Int>) throws(ProcessGroupError) -> Int? {
            guard let name = names.first(where: { environment[$0] != nil }), let text = environment[name] else {
                return nil
            }
            guard let value = Int(text), range ~= value else {
                throw ProcessGroupError(
                    .environment,
                    "\(name): must be a whole number in \(range.lowerBound)...\(range.upperBound), is '\(text)'")
            }
            return value
        }
        let most = 1 << 20
        let byLauncher = environment["WORLD_SIZE"] != nil
        let ranks = try number(["WORLD_SIZE", "OMPI_COMM_WORLD_SIZE"], in: 1...most) ?? 1
        localRank = try number(["LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"], in: 0...most) ?? 0
        localRanks = try number(["LOCAL_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"], in: 1...most)
        timeout = Double(try number(["DIPTYCH_TIMEOUT"], in: 1...86_400) ?? 60)
        restarts = try number(["TORCHELASTIC_RESTART_COUNT"], in: 0...most) ?? 0
        if let name = environment["DIPTYCH_CARRIER"] {
            guard let carrier = Carrier(rawValue: name) else {
                let names = Carrier.allCases.map(\.rawValue).joined(separator: " or ")
                throw ProcessGroupError(.environment, "DIPTYCH_CARRIER: must be \(names), is '\(name)'")
            }
            self.carrier = carrier
        }
        guard isJob || ranks > 1 else { return }
        self.ranks = ranks
        let ownRank = try number(byLauncher ? ["RANK"] : ["OMPI_COMM_WORLD_RANK"], in: 0...ranks - 1)
        guard let rank = ownRank ?? (ranks == 1 ? 0 : nil) else {
            throw ProcessGroupError(.environment, "RANK: is not set, but there are \(ranks) ranks (WORLD_SIZE)")
        }
        self.rank = rank
        let isOneMachine = ranks == 1 || !byLauncher && localRanks == ranks
        guard let host = environment["MASTER_ADDR"] ?? (isOneMachine ? self.host : nil), !host.isEmpty else {
            throw ProcessGroupError(.environment, "MASTER_ADDR: is not set; it names the machine of rank 0")
        }
        self.host = host
        guard let port = try number(["MASTER_PORT"], in: 1...65_535) ?? (isOneMachine ? self.port : nil) else {
            throw ProcessGroupError(.environment, "MASTER_PORT: is not set; it is the port that rank 0 listens on")
        }
        // There torchrun's own store listens, which speaks the protocol of another libtorch's version.
        let isTaken = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        guard !isTaken || port < 65_535 else {
            throw ProcessGroupError(.environment, "MASTER_PORT: the port after it must be free too, is \(port)")
        }
        self.port = isTaken ? port + 1 : port
    }
}
