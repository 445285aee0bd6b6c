"""The pictures of the reports in docs/reports: SVG, the same bytes from the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

from .plan import MAIN_MAKERS  # noqa: E402
from .rows import Row  # noqa: E402

COLORS = {"restored": "#1a73e8", "gradfun": "#f9ab00", "deband": "#34a853", "blur": "#9aa0a6", "gif": "#5f6368"}
LABELS = {"restored": "gif2video", "gradfun": "gradfun", "deband": "deband", "blur": "Gaussian 0.5", "gif": "GIF"}
plt.rcParams |= {
    "svg.fonttype": "none", "svg.hashsalt": "gif2video", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#e8eaed",
    "axes.axisbelow": True, "figure.facecolor": "white",
}  # fmt: skip


def _save(figure, file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None}, bbox_inches="tight")
    plt.close(figure)
    return file.name


def _main(rows: list[Row], kind: str) -> dict[str, list[Row]]:
    """Rows of a kind by maker, the main makers only."""
    return {
        maker: found
        for maker in MAIN_MAKERS
        if (found := [row for row in rows if row.maker == maker and row.kind == kind])
    }


def _by_maker(
    rows: list[Row], draw: Callable, guides: dict[float, str], label: str, names: tuple[str, ...], file: Path
) -> str:
    """A line for each main maker, a panel for 32 and 256 colors. draw(panel, row, at) puts a row's points on its line.

    guides: colors of vertical lines, by their place. names: of the points, for the legend.
    """
    makers = _main(rows, "all")
    sizes = [size for size in (32, 256) if any(row.size == size for row in rows)]
    shape = (3.8 * len(sizes) + 1, 0.28 * len(makers) + 1.2)
    figure, panels = plt.subplots(1, len(sizes), figsize=shape, sharey=True, squeeze=False)
    for panel, size in zip(panels[0], sizes, strict=True):
        for at, found in enumerate(makers.values()):
            for row in found:
                if row.size == size:
                    draw(panel, row, at)
        for place, color in guides.items():
            panel.axvline(place, color=color, lw=0.8)
        panel.set_yticks(range(len(makers)), list(makers))
        panel.set_title(f"{size} colors")
        panel.set_xlabel(label)
    panels[0][0].invert_yaxis()
    for name in names:
        panels[0][-1].plot([], [], "o", ms=5, color=COLORS[name], label=LABELS[name])
    panels[0][-1].legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return _save(figure, file)


def gain_plot(rows: list[Row], file: Path) -> str:
    """Gain in PSNR against palette size, a panel for each tool, faces dashed."""
    makers = _main(rows, "all")
    tools = list(dict.fromkeys(maker.split("-")[0] for maker in makers))
    figure, panels = plt.subplots(1, len(tools), figsize=(3.1 * len(tools), 3.1), sharey=True, squeeze=False)
    for panel, tool in zip(panels[0], tools, strict=True):
        chosen = [maker for maker in makers if maker.split("-")[0] == tool]
        for number, maker in enumerate(chosen):
            for kind, style in (("all", "-"), ("face", ":")):
                found = _main(rows, kind).get(maker, [])
                label = maker.removeprefix(f"{tool}-") if kind == "all" else None
                values = [row.gain for row in found]
                panel.plot(
                    [row.size for row in found], values, style, marker="o", ms=3, color=f"C{number}", label=label
                )
        panel.axhline(0, color="#202124", lw=0.8)
        panel.set_xscale("log", base=2)
        panel.set_xticks(sizes := sorted({row.size for row in rows}), [str(size) for size in sizes])
        panel.minorticks_off()
        panel.set_title(tool)
        panel.set_xlabel("colors")
        panel.legend(fontsize=7, frameon=False)
    panels[0][0].set_ylabel("gain over the GIF, dB")
    return _save(figure, file)


def baseline_plot(rows: list[Row], file: Path) -> str:
    """Gain of the program and of the baselines."""
    names = ("gradfun", "deband", "blur", "restored")

    def draw(panel, row: Row, at: int) -> None:
        for name in names:
            gain = row.psnr[name] - row.psnr["gif"]
            panel.plot(gain, at, "o", ms=6 if name == "restored" else 4, color=COLORS[name])

    return _by_maker(rows, draw, {0: "#202124"}, "gain over the GIF, dB", (names[-1], *names[:-1]), file)


def flicker_plot(rows: list[Row], file: Path) -> str:
    """Change from frame to frame as a multiple of the original's: of the GIF, and restored."""

    def draw(panel, row: Row, at: int) -> None:
        panel.plot([row.flicker["gif"], row.flicker["restored"]], [at, at], "-", color="#dadce0", zorder=1)
        for name in ("gif", "restored"):
            panel.plot(row.flicker[name], at, "o", ms=5, color=COLORS[name])

    guides = {1: "#202124", 1.1: "#d93025"}
    return _by_maker(rows, draw, guides, "motion, original = 1", ("gif", "restored"), file)
