import Control

/// The daemon's statistics as metrics; docs/metrics.md lists them.
struct MetricsReport {
    let version: String
    /// Seconds since 1970.
    let started: Double
    let isJournalInPlace: Bool
    let isPaused: Bool
    let statistics: StatisticsReply
    let streams: [StreamInfo]

    var families: [MetricFamily] { daemonFamilies + jobFamilies + pictureFamilies }

    private var daemonFamilies: [MetricFamily] {
        [
            gauge("gif2video_build_info", "The release that runs, as the label version.", 1, [("version", version)]),
            gauge(
                "gif2video_start_time_seconds", unit: "seconds", "Time of the start, in seconds since 1970.", started),
            gauge(
                "gif2video_memory_bytes", unit: "bytes", "Memory of the daemon without its encoders.",
                Double(statistics.memory)),
            gauge(
                "gif2video_memory_peak_bytes", unit: "bytes", "Most memory of the daemon so far.",
                Double(statistics.peakMemory)),
            gauge("gif2video_workers", "Files that may be restored at a time.", Double(statistics.workers)),
            gauge("gif2video_workers_busy", "Jobs that run.", Double(statistics.busyWorkers)),
            gauge("gif2video_queue_limit", "Jobs that may wait.", Double(statistics.queueLimit)),
            gauge("gif2video_clients", "Connections to the control socket.", Double(statistics.connections)),
            gauge(
                "gif2video_journal_in_place", "Whether the journal's file is there: 0 stops all work.",
                isJournalInPlace ? 1 : 0),
            gauge("gif2video_paused", "Whether all streams are paused.", isPaused ? 1 : 0),
        ]
    }

    private var jobFamilies: [MetricFamily] {
        [
            MetricFamily(
                name: "gif2video_stream_running", kind: .gauge,
                help:
                    "Whether a stream works: 0 where it is paused, disabled, or waits for its folder, pipe or device.",
                samples: streams.map { .init(labels: [("stream", $0.stream)], value: $0.state == "running" ? 1 : 0) }),
            family("gif2video_jobs_queued", .gauge, "Jobs that wait.") { Double($0.queued) },
            family("gif2video_jobs_running", .gauge, "Jobs that run.") { Double($0.running) },
            MetricFamily(
                name: "gif2video_jobs", kind: .counter, help: "GIFs that ended, by result: done or failed.",
                samples: statistics.streams.flatMap { stream in
                    [("done", stream.done), ("failed", stream.failed)].map { result, count in
                        .init(labels: [("stream", stream.stream), ("result", result)], value: Double(count))
                    }
                }),
        ]
    }

    private var pictureFamilies: [MetricFamily] {
        [
            family("gif2video_frames", .counter, "GIF frames decoded.") { Double($0.frames) },
            family("gif2video_pictures", .counter, "Pictures written.") { Double($0.pictures) },
            family("gif2video_video_seconds", .counter, unit: "seconds", "Length of the video made.") {
                $0.videoSeconds
            },
            family("gif2video_busy_seconds", .counter, unit: "seconds", "Time spent on it.") { $0.busySeconds },
            MetricFamily(
                name: "gif2video_picture_latency_seconds", kind: .summary, unit: "seconds",
                help: "Time from a frame's last byte to its picture's last byte, of the last 4096 pictures.",
                samples: statistics.streams.flatMap { stream in
                    [("0.5", stream.latency50), ("0.9", stream.latency90), ("0.99", stream.latency99)]
                        .compactMap { quantile, latency in
                            latency.map {
                                .init(labels: [("stream", stream.stream), ("quantile", quantile)], value: $0 / 1000)
                            }
                        }
                }),
            family(
                "gif2video_degraded_pictures", .counter,
                "Pictures that a live sink made with less work than asked for, to keep up."
            ) { Double($0.degradations) },
            family(
                "gif2video_repeated_pictures", .counter,
                "Pictures that a camera showed again, as the next was not ready."
            ) { Double($0.repeats) },
            family("gif2video_missed_pictures", .counter, "Ticks of a camera's clock without a picture.") {
                Double($0.missed)
            },
        ]
    }

    private func gauge(
        _ name: String, unit: String = "", _ help: String, _ value: Double, _ labels: [(String, String)] = []
    ) -> MetricFamily {
        MetricFamily(
            name: name, kind: .gauge, unit: unit, help: help,
            samples: [.init(labels: labels.map { ($0, $1) }, value: value)])
    }

    /// One sample for every stream.
    private func family(
        _ name: String, _ kind: MetricFamily.Kind, unit: String = "", _ help: String,
        _ value: (StreamStatistics) -> Double
    ) -> MetricFamily {
        MetricFamily(
            name: name, kind: kind, unit: unit, help: help,
            samples: statistics.streams.map { .init(labels: [("stream", $0.stream)], value: value($0)) })
    }
}
