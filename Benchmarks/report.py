"""The report of `make bench`: what is printed, section by section, as a Markdown file in the end."""

from __future__ import annotations

import shlex
from pathlib import Path


class Report:
    """Prints lines at once and keeps them for a file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._sections: list[tuple[str, list[str]]] = []

    def section(self, title: str) -> None:
        """Begins a table or a list of facts."""
        self._sections.append((title, []))
        print(f"\n{title}", flush=True)

    def line(self, text: str) -> None:
        """Adds to the section begun last; `text` may hold several lines."""
        self._sections[-1][1].append(text)
        print(text, flush=True)

    def write(self, arguments: list[str]) -> None:
        """Writes the file: the command that measured, then every section that has lines.

        - arguments: those of bench.py.
        """
        bench = f" BENCH={shlex.quote(shlex.join(arguments))}" if arguments else ""
        parts = ["# Performance report", f"Written by `make bench{bench}`. Explained in docs/performance.md."]
        for title, lines in self._sections:
            if lines:
                parts += [f"## {title}", "\n".join(f"    {row}" for line in lines for row in line.split("\n"))]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text("\n\n".join(parts) + "\n")
