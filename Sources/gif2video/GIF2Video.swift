import ArgumentParser
import CLinux
import Glibc
import Startup

@main
struct GIF2Video: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gif2video",
        abstract: "Turns GIFs back into video: restores colors, removes dither, makes the frames in between.",
        discussion: """
            A filter between pipes:     gif2video filter < in.gif | ffmpeg ...   (filter --help has the line)
            Files to files:             gif2video convert in.gif -o out.mp4
            On a virtual camera:        gif2video camera /dev/video10 in.gif
            Facts about a GIF:          gif2video probe in.gif
            A sheet to compare:         gif2video compare in.gif -o sheet.png
            State of the daemon:        gif2video status

            Exit status: 0 done; 1 a GIF is damaged or is none (what could be decoded was written);
            2 something else failed; 64 the command line was not understood.
            """,
        version: "0.1.0",
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

    static func main() {
        // A reader that goes away shows as EPIPE where it is written to, and ends the program there.
        _ = clinux_ignore_signal(SIGPIPE)
        do {
            try Program.prepare()
            var command = try parseAsRoot(CommandLineBytes.arguments)
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
