import Foundation

/// Several `diptych` processes that train together on this machine.
struct Job {
    let processes: [CommandProcess]

    /// Starts one process a rank.
    /// - Parameters:
    ///   - environment: what a rank is told beside or in place of its number, the number of ranks, and rank 0's place.
    ///   - changed: arguments that a rank gets in addition.
    init(
        _ ranks: Int, _ arguments: [String], timeout: Int = 30, environment: [Int: [String: String]] = [:],
        changed: [Int: [String]] = [:]
    ) throws {
        let port = try Job.freePort()
        processes = try (0..<ranks).map { rank in
            let own = [
                "RANK": "\(rank)", "LOCAL_RANK": "\(rank)", "WORLD_SIZE": "\(ranks)", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": "\(port)", "DIPTYCH_TIMEOUT": "\(timeout)",
            ]
            return try CommandProcess(
                arguments + (changed[rank] ?? []), environment: own.merging(environment[rank] ?? [:]) { $1 })
        }
    }

    /// Waits for the end of all.
    func finish() -> [CommandProcess.Result] { processes.map { $0.finish() } }

    /// A port that nobody listens on now.
    static func freePort() throws -> Int {
        let (listener, port) = try Job.listen()
        close(listener)
        return port
    }

    /// Listens on a port of the loopback without ever answering.
    static func listen() throws -> (socket: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && Glibc.listen(listener, 8) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isOpen else { throw POSIXError(.EADDRINUSE) }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}

/// The float32 tensors of a safetensors file, read without the library that wrote it.
func floats(in path: String) throws -> [String: [Float]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
    var tensors: [String: [Float]] = [:]
    for (key, value) in header {
        guard let entry = value as? [String: Any], entry["dtype"] as? String == "F32",
            let place = entry["data_offsets"] as? [Int]
        else { continue }
        let bytes = data[8 + length + place[0]..<8 + length + place[1]]
        tensors[key] = [Float](unsafeUninitializedCapacity: bytes.count / 4) { memory, count in
            count = bytes.count / 4
            _ = bytes.copyBytes(to: UnsafeMutableRawBufferPointer(memory))
        }
    }
    return tensors
}
