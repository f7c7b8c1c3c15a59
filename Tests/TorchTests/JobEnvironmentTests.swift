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
}
