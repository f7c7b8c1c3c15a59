/// A process's place among the tasks of a step that SLURM's `srun` started, in torchrun's variables.
enum SlurmStep {
    /// torchrun's variables, as far as they are not set; none outside of a step of several tasks, or if another
    /// launcher has set its own.
    /// - Throws: `ProcessGroupError` that names a variable of SLURM which is missing or invalid.
    static func variables(_ environment: [String: String]) throws(ProcessGroupError) -> [String: String] {
        let launchers = ["WORLD_SIZE", "RANK", "OMPI_COMM_WORLD_SIZE"]
        guard let id = environment["SLURM_STEP_ID"], !launchers.contains(where: { environment[$0] != nil }) else {
            return [:]
        }
        // The highest numbers are those of batch scripts and interactive shells.
        guard let step = UInt32(id), step < 0xFFFF_FFF0 else { return [:] }
        let sizes = ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"]
        guard let size = sizes.first(where: { environment[$0] != nil }), environment[size] != "1" else { return [:] }
        let ranks = try number(size, environment, in: 1...1 << 20)
        var found = [
            "WORLD_SIZE": "\(ranks)", "RANK": "\(try number("SLURM_PROCID", environment, in: 0...ranks - 1))",
            "LOCAL_RANK": "\(try number("SLURM_LOCALID", environment, in: 0...ranks - 1))",
        ]
        if let local = tasksOfNode(environment) { found["LOCAL_WORLD_SIZE"] = "\(local)" }
        let lists = ["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST"]
        guard let host = lists.lazy.compactMap({ environment[$0].flatMap(firstHost) }).first else {
            throw ProcessGroupError(.environment, "SLURM_JOB_NODELIST: is not set, or names no machine")
        }
        found["MASTER_ADDR"] = host
        // Jobs that share a machine get different ports, below those that the system gives away.
        let job = environment["SLURM_JOB_ID"].flatMap(UInt32.init) ?? 0
        found["MASTER_PORT"] = "\(15_000 + (Int(job) + Int(step)) % 17_000)"
        return found.filter { environment[$0.key] == nil }
    }

    /// The first host of a list of SLURM, such as `node[01-04,7],login1`; nil if it has none.
    static func firstHost(_ list: String) -> String? {
        var host = ""
        var rest = list[...]
        while let character = rest.popFirst(), character != "," {
            guard character == "[" else {
                host.append(character)
                continue
            }
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host += rest[..<end].prefix { $0 != "," && $0 != "-" }
            rest = rest[rest.index(after: end)...]
        }
        return host.isEmpty ? nil : host
    }

    /// The number of this node's tasks, from a list such as `4(x2),3`; nil if it is unknown.
    static func tasksOfNode(_ environment: [String: String]) -> Int? {
        let lists = ["SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"]
        guard var node = environment["SLURM_NODEID"].flatMap(Int.init), node >= 0,
            let list = lists.lazy.compactMap({ environment[$0] }).first
        else { return nil }
        for part in list.split(separator: ",") {
            let pieces = part.split(separator: "(x")
            let nodes = pieces.count == 2 ? Int(pieces[1].dropLast()) : pieces.count == 1 ? 1 : nil
            guard let tasks = pieces.first.flatMap({ Int($0) }), tasks > 0, let nodes, nodes > 0 else { return nil }
            if node < nodes { return tasks }
            node -= nodes
        }
        return nil
    }

    private static func number(
        _ name: String, _ environment: [String: String], in range: ClosedRange<Int>
    ) throws(ProcessGroupError) -> Int {
        guard let text = environment[name] else {
            throw ProcessGroupError(.environment, "\(name): is not set, but this is one of several tasks of srun")
        }
        guard let value = Int(text), range ~= value else {
            throw ProcessGroupError(
                .environment,
                "\(name): must be a whole number in \(range.lowerBound)...\(range.upperBound), is '\(text)'")
        }
        return value
    }
}
