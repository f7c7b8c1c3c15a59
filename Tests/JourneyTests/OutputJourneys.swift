import Foundation
import Testing

/// Terminals, pipes, full disks, signals and paths.
@Suite("Journeys through output")
struct OutputJourneys {
    /// A run that goes on until it is stopped.
    private static let endless = "diptych train photos --pipeline tiny.yaml --set training.epochs=1000000 --threads 1"
    private static let train = "diptych train photos --pipeline tiny.yaml --threads 1"

    static let table: [Journey] = [
        // Results that cannot be written.
        Journey(
            "two classes", "diptych --help > /dev/full", exit: 1, says: "diptych: standard output: cannot be written"),
        Journey("two classes", "diptych --version > /dev/full", exit: 1, says: "No space left"),
        Journey("two classes", "diptych --version >&-", exit: 1, says: "standard output: is closed"),
        Journey("two classes", "diptych scan photos > /dev/full", exit: 1, says: "standard output: cannot be written"),
        Journey("two classes", "diptych scan photos --json - > /dev/full", exit: 1, says: "No space left"),
        Journey("two classes", "diptych scan photos --json - >&-", exit: 1, says: "is closed"),
        Journey("two classes", "diptych doctor > /dev/full", exit: 1, says: "standard output: cannot be written"),
        Journey("two classes", "diptych doctor --json <&- 2>&-", says: "\"libtorch\""),
        Journey(
            "two classes", "diptych views photos --output v.png > /dev/full; s=$?; ls v.png; exit $s", exit: 1,
            says: "v.png"),
        Journey(
            "two classes", "\(train) --output run > /dev/full; s=$?; ls run; exit $s", exit: 1,
            says: "encoder.safetensors"),
        // A reader that goes away.
        Journey(
            "two classes", "(sleep 0.5; diptych scan photos --json -; echo status $? >&2) | true; sleep 2",
            says: "status 1", "standard output: cannot be written: Broken pipe"),
        Journey(
            "two classes",
            "(sleep 0.5; \(train) --output run; echo status $? >&3) 3>&2 2>&1 | true; sleep 3; ls run run/checkpoints",
            says: "status 1", "encoder.safetensors", "last.ckpt"),
        // Diagnostics that are lost.
        Journey("two classes", "\(train) --output run 2>&-", says: "run/encoder.safetensors"),
        Journey("two classes", "\(train) --output run 2> /dev/full", says: "run/encoder.safetensors"),
        Journey("two classes", "diptych nonsense 2>&-", exit: 2),
        Journey("two classes", "diptych scan absent 2> /dev/full", exit: 3),
        // No data file may get the number of a stream that is closed.
        Journey(
            "two classes", "\(train) --output run <&- >&- 2>&-; s=$?; head -c 9 run/metrics.jsonl; exit $s", exit: 1,
            says: "{\"epoch\":"),
        Journey(
            "two classes", "diptych views photos --output v.npy >&- 2>&-; s=$?; head -c 6 v.npy | tail -c 5; exit $s",
            exit: 1, says: "NUMPY"),
        // Paths.
        Journey("two classes", "HOME=$PWD; \(train) --output=~/x && ls x && ! ls -d '~'", says: "encoder.safetensors"),
        Journey(
            "two classes",
            "HOME=$PWD; \(train) --output run && diptych probe '~/run' '~/photos' --output='~/p.json' && ls p.json",
            says: "p.json"),
        Journey(
            "two classes", "HOME=$PWD; cp tiny.yaml p.yaml; diptych train photos --pipeline='~/p.yaml' --output r",
            says: "r/encoder"),
        Journey("two classes", "\(train) --output \"\"", exit: 2, says: "--output is empty", never: ["images"]),
        Journey("two classes", "diptych train \"\"", exit: 2, says: "<images> is empty"),
        Journey("two classes", "diptych probe \"$NO\" photos", exit: 2, says: "<run> is empty"),
        Journey("two classes", "diptych scan photos --json ''", exit: 2, says: "--json is empty"),
        Journey(
            "two classes", "\(train) --output photos/cat/0.png", exit: 1,
            says: "0.png: is there already, and is no folder"),
        Journey(
            "two classes", "diptych scan photos --json photos", exit: 1, says: "photos: is a folder", never: ["classes"]
        ),
        Journey(
            "two classes", "diptych scan photos --json photos/cat/0.png/s.json", exit: 1,
            says: "s.json: cannot be written"),
        Journey(
            "two classes",
            """
            n=$(printf 'caf\\351 "a" '); mv photos "$n"; diptych train "$n" --pipeline tiny.yaml --output "r$n" --threads 1 &&
            diptych probe "r$n" "$n" && diptych embed "r$n" "$n" --output "r$n/f.npy" && cp tiny.yaml "$n.yaml" && diptych views "$n" --pipeline "$n.yaml" --output "$n.png" &&
            diptych scan "$n" --json "$n.json" && diptych pack "$n" --output "s$n/%d.tar" && diptych scan "s$n" &&
            diptych report "r$n" && diptych export "r$n" --output "$n.safetensors" && ls "$n.safetensors"
            """, says: "12 images of 2 classes", "linear probe"),
        // Threads.
        Journey("two classes", "\(train)000 --output run", exit: 2, says: "--threads must be in 1..."),
        Journey("two classes", "diptych scan photos --threads 100000", exit: 2, says: "--threads must be in 1..."),
        // Signals: of a session that ends, and as timeout sends them, to the process and to its group.
        Journey("two classes", signalled("kill -HUP $p"), exit: 130, says: "go on with", "encoder.safetensors"),
        Journey("two classes", signalled("kill -TERM $p; kill -TERM $p"), exit: 130, says: "encoder.safetensors"),
        Journey("two classes", signalled("kill -HUP $p; kill -TERM $p"), exit: 130, says: "encoder.safetensors"),
        Journey("two classes", signalled("kill -INT $p; kill -INT $p"), exit: 130, says: "encoder.safetensors"),
    ]

    /// A run that is sent signals after its first checkpoint.
    private static func signalled(_ signals: String) -> String {
        """
        \(endless) --output run & p=$!; until ls run/checkpoints/last.ckpt; do sleep 0.1; done
        \(signals); wait $p; s=$?; ls run; exit $s
        """
    }

    @Test(arguments: table) func journey(_ journey: Journey) throws { try journey.check() }

    /// What a terminal shows, its own line ends made plain.
    private func plain(_ terminal: Terminal) -> String { terminal.text.replacingOccurrences(of: "\r\n", with: "\n") }

    @Test(
        "A line is written over on a terminal alone, and never by a control sequence",
        arguments: [
            ["TERM": "xterm"], ["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"], ["TERM": nil], ["TERM": ""],
        ] as [[String: String?]])
    func progress(environment: [String: String?]) throws {
        let desk = try Desk(folder: "two classes")
        let goesBack = environment["TERM"] == .some("xterm")
        for line in ["\(OutputJourneys.train) --output run", "diptych probe run photos", "diptych scan photos"] {
            let terminal = try Terminal(line, at: desk, columns: 40, environment: environment)
            #expect(terminal.finish() == 0, "\(terminal.text)")
            #expect(!terminal.text.contains("\u{1B}"))
            if line.contains("train") { #expect(plain(terminal).contains("\r") == goesBack, "\(terminal.text)") }
            guard goesBack else { continue }
            // What is written over must not wrap.
            for piece in plain(terminal).split(separator: "\n").flatMap({ $0.split(separator: "\r").dropLast() }) {
                #expect(piece.count < 40, "\(piece)")
            }
        }
    }

    @Test(
        "Ctrl-C leaves a checkpoint and an encoder, and the line that it prints goes on",
        arguments: [
            ("photos", "run"), ("it's \"my\" $HOME", "a run; rm *"), ("caf\u{E9}", "-run"),
        ])
    func interrupted(images: String, output: String) throws {
        let desk = try Desk(folder: "two classes")
        let place = ("./" + images).replacingOccurrences(of: "'", with: "'\\''")
        if images != "photos" {
            try FileManager.default.moveItem(atPath: "\(desk.path)/photos", toPath: "\(desk.path)/\(images)")
        }
        var line = OutputJourneys.endless.replacingOccurrences(of: "photos", with: "'\(place)'")
        line += " --output '\(output.hasPrefix("-") ? "./" : "")\(output)' --max-bad 0.25 --grace 9"
        var said = ""
        for _ in 0..<2 {
            let terminal = try Terminal("exec \(line)", at: desk, columns: 400)
            #expect(terminal.shows("epoch 3"), "\(terminal.text)")
            terminal.type("\u{3}")
            #expect(terminal.finish() == 130, "\(terminal.text)")
            for name in ["encoder.safetensors", "checkpoints/last.ckpt"] { #expect(desk.holds("\(output)/\(name)")) }
            let words = plain(terminal).components(separatedBy: "go on with: ")
            #expect(words.count == 2, "\(terminal.text)")
            said = words[words.count - 1].trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(said.hasSuffix("--resume --threads 1 --max-bad 0.25 --grace 9.0"))
            line = said
        }
    }

    @Test("Ctrl-C where tee is gone before the run is") func interruptedWithTee() throws {
        let desk = try Desk(folder: "two classes")
        let line = "(trap : INT; \(OutputJourneys.endless) --output run; echo $? > status) 2>&1 | tee log"
        let terminal = try Terminal(line, at: desk)
        #expect(terminal.shows("run: "), "\(terminal.text)")
        wait(for: "run/checkpoints/last.ckpt", at: desk)
        terminal.type("\u{3}")
        _ = terminal.finish()
        wait(for: "status", at: desk)
        #expect(try desk.run("cat status").text == "130\n")
        #expect(desk.holds("run/encoder.safetensors"))
    }

    @Test("A terminal that is closed", arguments: [false, true]) func hangUp(isIgnored: Bool) throws {
        let desk = try Desk(folder: "two classes")
        let line =
            isIgnored
            ? OutputJourneys.endless.replacingOccurrences(of: "=1000000", with: "=300") : OutputJourneys.endless
        let terminal = try Terminal("\(isIgnored ? "trap '' HUP; " : "")exec \(line) --output run", at: desk)
        #expect(terminal.shows("epoch 3"), "\(terminal.text)")
        terminal.hangUp()
        // Where it is ignored the run ends as if nothing had been; its last line finds nobody.
        #expect(terminal.finish() == (isIgnored ? 1 : 130))
        #expect(desk.holds("run/encoder.safetensors") && desk.holds("run/checkpoints/last.ckpt"))
        let passes = try desk.run("grep -c kind.:.epoch run/metrics.jsonl").text
        #expect((passes == "300\n") == isIgnored, "\(passes)")
    }

    private func wait(for name: String, at desk: Desk) {
        for _ in 0..<6000 where !desk.holds(name) { usleep(10_000) }
    }
}
