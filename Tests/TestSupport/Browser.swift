import Foundation
public import Testing

/// Debian's Chromium without a screen, as a player of videos.
public enum Browser {
    /// Whether there is one here.
    public static let isAvailable = FileManager.default.isExecutableFile(atPath: path)
    /// The reason of a test that is skipped without it.
    public static let lack: Comment = "no browser plays a video here: Debian's package chromium is missing"

    private static let path = "/usr/bin/chromium"

    /// A video as the browser saw it.
    public struct Sight: Decodable, Sendable {
        /// Width and height of the pictures.
        public let size: [Int]
        /// R, G, B, A at each point of the first picture, as a canvas got them.
        public let first: [[Int]]
        /// The same of the last one.
        public let last: [[Int]]
        /// Seconds that the video was played for, to its end.
        public let seconds: Double
    }

    /// The page's message if the video cannot be played.
    public struct Refusal: Error, CustomStringConvertible {
        public let description: String
    }

    /// Plays a video in a page, from its beginning to its end, and reads colors off a canvas that its pictures are drawn on.
    /// - Parameters:
    ///   - video: a path.
    ///   - type: what the server says it is, as `video/mp4`.
    ///   - points: places in the picture as parts of its width and height, each in 0 ..< 1.
    /// - Throws: `Refusal` where it cannot be played.
    public static func play(_ video: String, type: String, points: [[Double]]) throws -> Sight {
        let places = String(decoding: try JSONEncoder().encode(points), as: UTF8.self)
        let result = try Tool.run("/usr/bin/python3", ["-c", script, path, video, type, places])
        struct Answer: Decodable {
            let error: String?
        }
        let answer = try? JSONDecoder().decode(Answer.self, from: Data(result.output))
        guard result.status == 0, let answer, answer.error == nil else {
            throw Refusal(description: answer?.error ?? "the browser said nothing: \(result.errors.suffix(2000))")
        }
        return try JSONDecoder().decode(Sight.self, from: Data(result.output))
    }

    /// A web server for one page, one video and one answer, and the browser that visits it.
    ///
    /// The pictures are drawn by a GPU, as for most people, though one that is a program (SwiftShader). Without any,
    /// Chromium converts BT.709 with coefficients of 8 bits, and misses saturated blue by 12 levels.
    private static let script = """
        import http.server, json, subprocess, sys, tempfile, threading

        browser, video, kind, points = sys.argv[1:]
        page = '''<!doctype html><video id="video" muted preload="auto"></video><script>
        const points = %s, video = document.getElementById("video"), canvas = document.createElement("canvas")
        const send = (answer) => fetch("/answer", {method: "POST", body: JSON.stringify(answer)})
        function look() {
            const context = canvas.getContext("2d")
            context.drawImage(video, 0, 0)
            return points.map(([x, y]) => Array.from(
                context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data))
        }
        video.onerror = () => send({error: "error " + video.error.code + ": " + video.error.message})
        // Loaded data may not be a picture to draw yet: only a picture that was shown is one.
        video.requestVideoFrameCallback(() => {
            canvas.width = video.videoWidth
            canvas.height = video.videoHeight
            const first = look()
            video.onended = () => send(
                {size: [canvas.width, canvas.height], first: first, last: look(), seconds: video.currentTime})
            video.play().catch((error) => send({error: String(error)}))
        })
        video.src = "/video"
        </script>''' % points
        with open(video, "rb") as file:
            files = {"/": ("text/html", page.encode()), "/video": (kind, file.read())}
        answer, answered = [], threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_): pass
            def reply(self, status, kind, body):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def do_GET(self):
                if self.path in files: self.reply(200, *files[self.path])
                else: self.reply(404, "text/plain", b"")
            def do_POST(self):
                answer.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.reply(200, "text/plain", b"")
                answered.set()

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            visit = subprocess.Popen(
                [browser, "--headless", "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
                 "--user-data-dir=" + profile, "http://127.0.0.1:%d/" % server.server_address[1]],
                stdout=subprocess.DEVNULL)
            answered.wait(300)
            visit.terminate()
            visit.wait()
        if not answer: sys.exit("no answer")
        sys.stdout.buffer.write(answer[0])
        """
}
