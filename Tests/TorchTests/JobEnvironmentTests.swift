import Testing

@testable import Torch

@Suite("The environment of a job")
struct JobEnvironmentTests {
    @Test func aloneNothingIsNeeded() throws {
        #expect(try JobEnvironment([:]) == JobEnvironment())
        #expect(try JobEnvironment(["WORLD_SIZE": "1", "RANK": "0"]).ranks == 1)
    }

    @Test func torchrunsVariables() throws {
        var variables = [
            "RANK": "5", "LOCAL_RANK": "1", "WORLD_SIZE": "8", "LOCAL_WORLD_SIZE": "4", "MASTER_ADDR": "node0",
            "MASTER_PORT": "1234", "TORCHELASTIC_RESTART_COUNT": "2", "DIPTYCH_TIMEOUT": "5",
        ]
        var place = try JobEnvironment(variables)
        #expect((place.rank, place.localRank, place.ranks, place.localRanks ?? 0) == (5, 1, 8, 4))
        #expect(place.host == "node0" && place.port == 1234 && place.restarts == 2 && place.timeout == 5)
        // The agent's own store has the port itself.
        variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        place = try JobEnvironment(variables)
        #expect(place.port == 1235)
    }

    @Test func mpirunsVariables() throws {
        let variables = [
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
            "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ]
        let place = try JobEnvironment(variables)
        #expect((place.rank, place.ranks, place.localRank) == (1, 2, 1))
        #expect(place.host == "127.0.0.1" && place.port == 29500)
        // On several machines the first must be named.
        let error = #expect(throws: ProcessGroupError.self) {
            try JobEnvironment(variables.merging(["OMPI_COMM_WORLD_LOCAL_SIZE": "1"]) { $1 })
        }
        #expect(error?.message.hasPrefix("MASTER_ADDR") == true)
    }

    @Test("A backend makes a job of one process", arguments: ["DIPTYCH_BACKEND", "DIPTYCH_CARRIER"])
    func backend(name: String) throws {
        for variables in [[:], ["WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"]] {
            let place = try JobEnvironment(variables.merging([name: "nccl"]) { $1 })
            #expect(place.isJob && place.backend == .nccl)
            #expect((place.rank, place.ranks) == (0, 1) && place.host == "127.0.0.1" && place.port == 29500)
            #expect(try !JobEnvironment(variables).isJob)
        }
        #expect(try JobEnvironment(["DIPTYCH_BACKEND": "gloo", "MASTER_PORT": "1234"]).port == 1234)
    }

    @Test(
        "Nonsense names its variable",
        arguments: [
            ("RANK", "-1"), ("RANK", "2"), ("RANK", "x"), ("RANK", nil), ("WORLD_SIZE", "0"), ("WORLD_SIZE", "two"),
            ("MASTER_ADDR", nil), ("MASTER_ADDR", ""), ("MASTER_PORT", nil), ("MASTER_PORT", "0"),
            ("MASTER_PORT", "70000"),
            ("LOCAL_RANK", "a"), ("DIPTYCH_TIMEOUT", "0"), ("DIPTYCH_BACKEND", "mpi"), ("DIPTYCH_CARRIER", "mpi"),
            ("LOCAL_WORLD_SIZE", ""),
        ])
    func nonsense(variable: String, value: String?) {
        var variables = ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"]
        variables[variable] = value
        let error = #expect(throws: ProcessGroupError.self) { try JobEnvironment(variables) }
        #expect(error?.kind == .environment)
        #expect(error?.message.hasPrefix("\(variable):") == true, "\(error?.message ?? "")")
    }

    // MARK: SLURM

    private static let step = [
        "SLURM_STEP_ID": "0", "SLURM_JOB_ID": "1234567", "SLURM_PROCID": "5", "SLURM_NTASKS": "8",
        "SLURM_LOCALID": "1", "SLURM_NODEID": "1", "SLURM_TASKS_PER_NODE": "4(x2)",
        "SLURM_JOB_NODELIST": "node[07-09,12]",
    ]

    @Test func aStepOfSeveralTasksIsAJob() throws {
        let place = try JobEnvironment(Self.step)
        #expect((place.rank, place.ranks, place.localRank, place.localRanks) == (5, 8, 1, 4))
        #expect(place.host == "node07" && place.port == 15_000 + 1_234_567 % 17_000)
        let other = try JobEnvironment(
            Self.step.merging(["MASTER_ADDR": "b", "MASTER_PORT": "99", "SLURM_RESTART_COUNT": "2"]) { $1 })
        #expect(other.host == "b" && other.port == 99 && other.restarts == 2)
    }

    @Test(
        "Other launchers, single tasks, batch scripts and shells are not steps of several tasks",
        arguments: [
            ["WORLD_SIZE": "1"], ["OMPI_COMM_WORLD_SIZE": "1"], ["SLURM_STEP_ID": "4294967291"],
            ["SLURM_STEP_ID": "4294967290"], ["SLURM_STEP_ID": nil], ["SLURM_NTASKS": "1"], ["SLURM_NTASKS": nil],
            ["SLURM_STEP_NUM_TASKS": "1"],
        ])
    func noStep(changed: [String: String?]) throws {
        var variables = Self.step
        for (name, value) in changed { variables[name] = value }
        #expect(try JobEnvironment(variables).ranks == 1)
        variables["SLURM_RESTART_COUNT"] = "1"
        #expect(try JobEnvironment(variables).restarts == 1)
    }

    @Test func torchrunWinsOverSLURM() throws {
        let torchrun = ["RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "1"]
        #expect(try JobEnvironment(Self.step.merging(torchrun) { $1 }) == JobEnvironment(torchrun))
    }

    @Test(
        "The first host of a list",
        arguments: [
            ("node1", "node1"), ("node1,node2", "node1"), ("node[01-04,7]", "node01"), ("node[7,01-04]", "node7"),
            ("a[1-2]b[3-4].x,c", "a1b3.x"), ("gpu-a[003-010]", "gpu-a003"), ("", nil), ("node[1", nil),
        ])
    func firstHost(list: String, host: String?) { #expect(SlurmStep.firstHost(list) == host) }

    @Test(
        "The tasks of a node", arguments: [("4(x2),3", 0, 4), ("4(x2),3", 2, 3), ("2,1", 1, 1), ("2", 1, nil)])
    func tasksOfNode(list: String, node: Int, tasks: Int?) {
        #expect(SlurmStep.tasksOfNode(["SLURM_NODEID": "\(node)", "SLURM_TASKS_PER_NODE": list]) == tasks)
    }

    @Test(
        "Nonsense of SLURM's names its variable",
        arguments: [
            ("SLURM_PROCID", "8"), ("SLURM_PROCID", nil), ("SLURM_NTASKS", "x"), ("SLURM_LOCALID", ""),
            ("SLURM_JOB_NODELIST", nil), ("SLURM_JOB_NODELIST", "a[1"), ("SLURM_RESTART_COUNT", "-1"),
        ])
    func nonsenseOfSLURM(variable: String, value: String?) {
        var variables = Self.step
        variables[variable] = value
        let error = #expect(throws: ProcessGroupError.self) { try JobEnvironment(variables) }
        #expect(error?.message.hasPrefix("\(variable):") == true, "\(error?.message ?? "")")
    }
}
