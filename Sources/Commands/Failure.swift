import ArgumentParser
import Files
import Views

/// The exit codes of the command.
package enum ExitStatus: Int32, Sendable {
    /// Done.
    case done = 0
    /// Any other failure.
    case failed = 1
    /// The arguments or the configuration cannot be used.
    case unusable = 2
    /// The data cannot be used.
    case data = 3
    /// Stopped by SIGUSR1, after a checkpoint, to be started again: EX_TEMPFAIL of sysexits.h.
    case requeue = 75
    /// Stopped by a signal, after a checkpoint.
    case interrupted = 130
}

/// What ends a command: an exit code and one line for standard error.
package struct Failure: Error, Equatable, Sendable {
    /// The exit code.
    package var status: ExitStatus
    /// What is wrong, where, and what to do; one line.
    package var message: String

    /// A failure with this exit code and message.
    package init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The failure for an error of the libraries.
    package init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as ConfigurationError: self.init(.unusable, "\(error)")
        case let error as DataError: self.init(.data, "\(error)")
        case let error as DecodeError: self.init(.data, "\(error)")
        case LoaderError.tooManyBad(let bad, let total, let example):
            self.init(
                .data,
                "\(bad) of \(total) images cannot be used, more than --max-bad allows; one is \(example); "
                    + "diptych scan lists all")
        case LoaderError.memory: self.init(.failed, "\(error); lower training.batch_size or the size of the views")
        case LoaderError.threads: self.init(.failed, "\(error)")
        case LoaderError.invalid(let setting): self.init(.unusable, "views.\(setting.key): \(setting.reason)")
        case let error as LoaderError: self.init(.data, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }
}

extension Diptych {
    /// Parses the arguments, runs `body` on the command, and exits with its status.
    package static func start(
        classify: (any Error) -> Failure = { Failure($0) }, _ body: (inout any ParsableCommand) throws -> Void
    ) -> Never {
        Output.occupyStandardDescriptors()
        // A reader that ends early (`| head`) must not kill a run before its checkpoint.
        signal(SIGPIPE, SIG_IGN)
        // A limit on the size of files becomes an error of the write, like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        // The signal mask is inherited from the program that started this one; it may block these signals.
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] { sigaddset(&heard, number) }
        pthread_sigmask(Int32(SIG_UNBLOCK), &heard, nil)
        var command: any ParsableCommand
        do {
            command = try parseAsRoot(arguments)
        } catch {
            if exitCode(for: error).isSuccess { answer(fullMessage(for: error)) }
            complain("\(PathArgument.explain(message(for: error))) (see diptych --help)", .unusable)
        }
        do {
            try body(&command)
            systemExit(ExitStatus.done.rawValue)
        } catch let error where exitCode(for: error) == .success || error is CleanExit {
            answer(fullMessage(for: error))
        } catch {
            let failure = classify(error)
            complain(failure.message, failure.status)
        }
    }

    /// The arguments. Those that are not UTF-8 are encoded like paths.
    private static var arguments: [String] {
        (1..<Int(max(1, CommandLine.argc))).compactMap { index in
            CommandLine.unsafeArgv[index].map { SystemPath.text(UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
        }
    }

    /// Prints a requested text, such as the help, and exits.
    private static func answer(_ text: String) -> Never {
        do {
            try Output.result(text)
            systemExit(ExitStatus.done.rawValue)
        } catch {
            complain("\(error)", .failed)
        }
    }

    private static func complain(_ message: String, _ status: ExitStatus) -> Never {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        Output.note("diptych: \(line)")
        systemExit(status.rawValue)
    }
}
