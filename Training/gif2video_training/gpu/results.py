"""The results of a run: a few files of limited size, each written as soon as it is there."""

from __future__ import annotations

import json
import time
from pathlib import Path

FILES, LARGEST = 8, 16 << 20
"""How many files a result may have, and bytes of each."""


class Results:
    """A folder with log.txt, results.json and the exported weights."""

    def __init__(self, folder: Path, began: float):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.began = folder, began
        self.record: dict = {"jobs": {}}
        self._log = (folder / "log.txt").open("w", buffering=1)

    @property
    def seconds(self) -> float:
        """Since the program's start."""
        return time.monotonic() - self.began

    def say(self, text: str) -> None:
        """A line of the log, printed as well."""
        line = f"{self.seconds:7.1f} s  {text}"
        print(line, flush=True)
        self._log.write(line + "\n")

    def close(self) -> None:
        self._log.close()

    def note(self, job: str | None, **facts) -> None:
        """Adds facts to the record of a job, or of the run, and writes results.json."""
        (self.record["jobs"].setdefault(job, {}) if job else self.record).update(facts)
        partial = self.folder / "results.partial"
        partial.write_text(json.dumps(self.record, indent=1) + "\n")
        partial.rename(self.folder / "results.json")

    def accept(self, file: Path) -> None:
        """Checks a file that was written here; one that could not come back is deleted."""
        size, count = file.stat().st_size, sum(1 for each in self.folder.iterdir() if each.is_file())
        if size > LARGEST or count > FILES:
            file.unlink()
            raise ValueError(
                f"{file.name}: {size} bytes, {count} files; at most {LARGEST} bytes each and {FILES} files come back "
                "(export = false in jobs.toml keeps a job's weights out)"
            )
