"""Shows GIFs to a headless Chromium and prints what it decodes. Usage: chromium_frames.py FILE...

One line of JSON for each file: {"frames": [[milliseconds, width, height, "RGBA in Base64"], ...], "loops": N, "error": text}.
The frames come from WebCodecs' ImageDecoder, which tells the delays as the file has them; how long a page shows a frame is
decided later (Blink's deferred_image_decoder.cc: 100 ms where the file says 10 or less). "loops" is null for ever.
"""

import base64
import http.server
import json
import shutil
import subprocess
import sys
import tempfile
import threading

PAGE = """<!doctype html><meta charset="utf-8"><script>
async function read(number) {
  const data = await (await fetch("/gif/" + number)).arrayBuffer();
  const result = {frames: [], loops: 0, error: null};
  try {
    const decoder = new ImageDecoder({data, type: "image/gif"});
    await decoder.tracks.ready;
    await decoder.completed;
    const track = decoder.tracks.selectedTrack;
    result.loops = track.repetitionCount === Infinity ? null : track.repetitionCount;
    for (let index = 0; index < track.frameCount; index++) {
      const {image} = await decoder.decode({frameIndex: index});
      const canvas = new OffscreenCanvas(image.displayWidth, image.displayHeight);
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
      result.frames.push([image.duration / 1000, canvas.width, canvas.height, btoa(String.fromCharCode(...pixels))]);
      image.close();
    }
  } catch (error) {
    result.error = String(error);
  }
  return result;
}
(async () => {
  const results = [];
  for (let number = 0; number < COUNT; number++) results.push(await read(number));
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


def main(paths):
    gifs = [open(path, "rb").read() for path in paths]
    results = []
    done = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def answer(self, body, kind):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            if self.path.startswith("/gif/"):
                self.answer(gifs[int(self.path[5:])], "application/octet-stream")
            elif self.path == "/":
                self.answer(PAGE.replace("COUNT", str(len(gifs))).encode(), "text/html")
            else:
                self.send_error(404)

        def do_POST(self):
            results.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"", "text/plain")
            done.set()

    # localhost is a secure context, which ImageDecoder wants.
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [shutil.which("chromium") or "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", f"--user-data-dir={profile}", "--remote-debugging-port=0", f"http://127.0.0.1:{server.server_port}/"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if not done.wait(60):
                sys.exit("chromium gave no answer within 60 s")
        finally:
            browser.terminate()
            browser.wait()
    for result in results:
        print(json.dumps(result))


main(sys.argv[1:])
