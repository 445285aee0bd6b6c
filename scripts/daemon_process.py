"""A gif2videod with a folder of its own, for the scripts that load it, and the GIFs for it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def gif(path: Path, seconds: float, size: str, picture: str = "testsrc2") -> bytes:
    """A GIF of one of ffmpeg's test pictures, dithered."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi"]
    # Not every source takes a duration.
    command += ["-i", f"{picture}=size={size}:rate=12.5", "-t", str(seconds), str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def mutated(seed: bytes, source: random.Random) -> bytes:
    """A copy with some bytes changed, removed or doubled, behind the header."""
    data = bytearray(seed)
    for _ in range(source.randint(1, 3)):
        place, length = source.randrange(13, len(data)), source.randint(1, 8)
        match source.randrange(4):
            case 0 | 1: data[place] = source.randrange(256)
            case 2: del data[place:place + length]
            case 3: data[place:place] = data[place:place + length]
        if len(data) < 30:
            return seed
    return bytes(data)


def drop(folder: Path, name: str, content: bytes):
    """Moves a file into a watched folder, complete."""
    part = folder / f".{name}"
    part.write_bytes(content)
    part.rename(folder / name)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else float("nan")


class DaemonProcess:
    """The daemon, its state folder and its socket. Its configuration's relative paths lie in `state`."""

    def __init__(self, folder: Path, configuration: str, program: str, environment: dict[str, str] | None = None):
        self.folder, self.program = folder, program
        self.state, self.control = folder / "gif2video", folder / "run/gif2video/control"
        (folder / "run").mkdir()
        self.state.mkdir()
        (folder / "c.toml").write_text(configuration)
        self.environment = dict(os.environ, XDG_STATE_HOME=str(folder), XDG_RUNTIME_DIR=str(folder / "run"))
        self.environment |= environment or {}
        self.process = None

    def start(self):
        """Starts it, and waits until it answers."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, "--config", self.folder / "c.toml"], env=self.environment, stderr=log,
                stdin=subprocess.DEVNULL)
        while True:
            try:
                return self.call("GetStatus")
            except OSError:
                if self.process.poll() is not None:
                    sys.exit((self.folder / "log").read_text()[-3000:])
                time.sleep(0.05)

    def stop(self):
        """As the service manager would. Returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def call(self, method: str, **parameters):
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(30)
            server.connect(str(self.control))
            call = {"method": f"io.gif2video.Control.{method}", "parameters": parameters}
            server.sendall(json.dumps(call).encode() + b"\0")
            answer = b""
            while not answer.endswith(b"\0"):
                piece = server.recv(65536)
                if not piece:
                    raise ConnectionError("the daemon hung up")
                answer += piece
            return json.loads(answer[:-1])["parameters"]

    def count(self, part: str) -> int:
        """Entries of a folder of the process: "fd", "task"."""
        return len(os.listdir(f"/proc/{self.process.pid}/{part}"))

    def memory(self) -> dict[str, int]:
        """In KiB: what is resident now (VmRSS), at most so far (VmHWM), and of that not shared with files (RssAnon)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":") for line in status.splitlines() if ":" in line)
        return {key: int(fields[key].split()[0]) for key in ("VmRSS", "VmHWM", "RssAnon")}

    def resident(self) -> dict[str, int]:
        """In KiB: of what the resident memory consists."""
        parts, kind = {"files": 0, "malloc": 0, "large": 0, "stacks": 0}, "files"
        for line in Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                begin, end = (int(word, 16) for word in words[0].split("-"))
                kind = self.kind(begin, end, words[5] if len(words) > 5 else "")
            elif words[0] == "Rss:":
                parts[kind] += int(words[1])
        return parts

    @staticmethod
    def kind(begin: int, end: int, name: str) -> str:
        """A mapping's part: files, stacks of threads, pieces from malloc (its arenas begin at multiples of 64 MiB), or a large
        piece of its own."""
        if name == "[heap]" or (not name and begin % (64 << 20) == 0):
            return "malloc"
        if name == "[stack]" or (not name and end - begin == 8 << 20):
            return "stacks"
        return "files" if name else "large"
