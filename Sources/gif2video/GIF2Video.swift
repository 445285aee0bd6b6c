import ArgumentParser
import CLinux
import CVersion
import Glibc
import Media
import Startup

@main
struct GIF2Video: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gif2video",
        abstract: "Turns GIFs back into video: restores colors, removes dither, makes the frames in between.",
        discussion: """
            Files to files:         gif2video convert in.gif -o out.mp4
            A filter in a pipe:     gif2video filter < in.gif | ffmpeg -i - ...
            On a virtual camera:    gif2video camera /dev/video10 in.gif
            Facts about a GIF:      gif2video probe in.gif
            A sheet to compare:     gif2video compare in.gif -o sheet.png
            State of the daemon:    gif2video status

            'gif2video help filter' has the whole line for ffmpeg.

            Exit status: 0 done; 1 a GIF is damaged or is none (what could be decoded
            was written); 2 something else failed; 64 the command line was not
            understood.
            """,
        version: String(cString: cversion_text()),
        subcommands: [
            FilterCommand.self, ConvertCommand.self, CameraCommand.self, ProbeCommand.self, CompareCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Daemon",
                subcommands: [
                    StatusCommand.self, StreamsCommand.self, JobsCommand.self, ShowCommand.self, SubmitCommand.self,
                    CancelCommand.self, RetryCommand.self, PauseCommand.self, ResumeCommand.self, PlayCommand.self,
                    SetCommand.self, ReloadCommand.self, StatsCommand.self, MonitorCommand.self,
                ])
        ])

    private static var commands: [String] {
        configuration.subcommands.compactMap { $0.configuration.commandName }
    }

    /// Whether the parser knows what to do with the first word.
    private static func isCommand(_ word: String) -> Bool {
        word.hasPrefix("-") || word == "help" || commands.contains(word)
    }

    /// A word about a first word that is none of the commands.
    private static func advice(on word: String) -> String {
        if word.lowercased().hasSuffix(".gif") { return "say what to do: gif2video convert \(word) -o video.mp4" }
        let guess = commands.nearest(to: word).map { "; did you mean \($0)?" } ?? ""
        return "there is no command \(word)\(guess) ('gif2video --help' lists them)"
    }

    static func main() {
        // A reader that goes away shows as EPIPE where it is written to, and ends the program there.
        _ = clinux_ignore_signal(SIGPIPE)
        do {
            try Program.prepare()
            let arguments = CommandLineBytes.arguments
            if let word = arguments.first, !isCommand(word) {
                Failure.say(advice(on: word))
                Glibc.exit(Failure.usage.rawValue)
            }
            var command = try parseAsRoot(arguments)
            do {
                try command.run()
            } catch let mistake as ValidationError {
                // Found while it ran: how the command is used is not the question any more.
                Failure.say("\(mistake)")
                Glibc.exit(Failure.usage.rawValue)
            }
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}
