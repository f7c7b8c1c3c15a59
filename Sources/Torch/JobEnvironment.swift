/// The c10d backend for tensors on GPUs; Gloo carries those in main memory.
public enum Backend: String, Sendable, CaseIterable {
    /// NVIDIA's library, over NVLink and InfiniBand where present; each rank needs its own GPU.
    case nccl
    /// Main memory and TCP; ranks may share a GPU.
    case gloo
}

/// This process's rank in a job of several processes, from the launcher's environment variables.
///
/// `torchrun` sets `RANK`, `LOCAL_RANK`, `WORLD_SIZE`, `MASTER_ADDR` and `MASTER_PORT`; any script can do the same.
/// `mpirun` sets `OMPI_COMM_WORLD_RANK` and its like instead. On one machine the address then defaults to the
/// loopback's and the port to 29500. For a step of several tasks, SLURM's own variables serve, see `SlurmStep`.
public struct JobEnvironment: Equatable, Sendable {
    /// This process's index, from 0.
    public var rank = 0
    /// The number of processes.
    public var ranks = 1
    /// This process's index on its machine, which selects its GPU.
    public var localRank = 0
    /// The number of processes on this machine, which share its cores; nil if unknown.
    public var localRanks: Int?
    /// The host of rank 0.
    public var host = "127.0.0.1"
    /// The port that rank 0 listens on.
    public var port = 29500
    /// Seconds that a rank waits for the others, at the start and in each collective.
    public var timeout = 60.0
    /// How often the launcher restarted the job, or SLURM requeued it.
    public var restarts = 0
    /// The backend that `DIPTYCH_BACKEND`, or its older name `DIPTYCH_CARRIER`, asks for; nil if it is not set.
    public var backend: Backend?

    /// Whether this process joins a process group. A single one does so only if a backend is named, as in a trial.
    public var isJob: Bool { ranks > 1 || backend != nil }

    /// A single process.
    public init() {}

    /// Reads the variables.
    /// - Throws: `ProcessGroupError` that names a variable which is missing or invalid.
    public init(_ environment: [String: String]) throws(ProcessGroupError) {
        let environment = try environment.merging(SlurmStep.variables(environment)) { own, _ in own }
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
        restarts += try number(["SLURM_RESTART_COUNT"], in: 0...most) ?? 0
        let variables = ["DIPTYCH_BACKEND", "DIPTYCH_CARRIER"]
        if let variable = variables.first(where: { environment[$0] != nil }), let name = environment[variable] {
            guard let backend = Backend(rawValue: name) else {
                let names = Backend.allCases.map(\.rawValue).joined(separator: " or ")
                throw ProcessGroupError(.environment, "\(variable): must be \(names), is '\(name)'")
            }
            self.backend = backend
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
        // torchrun's own store listens there. It may have the protocol of another version of libtorch.
        let isTaken = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        guard !isTaken || port < 65_535 else {
            throw ProcessGroupError(.environment, "MASTER_PORT: the port after it must be free too, is \(port)")
        }
        self.port = isTaken ? port + 1 : port
    }
}
