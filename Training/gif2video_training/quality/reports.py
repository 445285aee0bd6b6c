"""The reports on a profile: colors, drawn art, in-betweens. Each is a file of its own in docs/reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..model_header import read_model
from ..program import Program
from . import betweens, classifier, document, drawn, flat, generated, plots, rows, steady
from .document import Section, table
from .plan import PAPER_MAKERS
from .run import WORST, Run


def networks(program: Program) -> list[dict]:
    return [
        {"network": file.stem, "SHA-256 of the weights begins": read_model(file).weights}
        for file in sorted(program.models.glob("*.safetensors"))
    ]


def measured_by(command: str) -> str:
    return f"Measured by the command\n\n```sh\n{command}\n```"


def between_report(run: Run, program: Program, command: str) -> Section:
    """The in-betweens of films and scenes, cuts, loops and what stands still."""
    films = run.films[program.profile]
    run.write_sheets(program)
    rates = ", ".join(f"1/{rate}" for rate in betweens.RATES)
    motion = betweens.looks_by_motion_rows(films)
    return Section(f"In-betweens of the profile {program.profile}", [
        measured_by(command), table(networks(program)),
        f"GIFs at {rates} of the rate of {len({film.clip for film in films})} films; the program fills the gaps "
        "(`filter --rate 2x` and so on). Beside it: the GIF's frames repeated; the restored frames blended; ffmpeg's "
        "`minterpolate` (motion compensated, its best settings) on the GIF's frames and on the restored ones. "
        "All film frames, PSNR:",
        table(betweens.all_frames_rows(films)),
        "In-betweens alone, PSNR / SSIM (of the middle one):", table(betweens.between_rows(films)),
        "By how much moves across the gap, all makers:", table(betweens.motion_rows(films)),
        "As people see them. VMAF of all frames (enlarged three times) / sharpness, the in-betweens' mean gradient "
        "over the original's / pulse, their mean gradient over that of the restored frames beside them:",
        table(betweens.looks_rows(films)),
        *(["VMAF of the in-betweens alone by how much moves:", table(motion)] if motion else []),
        "Generated scenes, whose truth is known at any time (`scenes/`), at a quarter of the rate, by every main maker "
        "in turn: PSNR / SSIM / VMAF / pulse. Standing off: by how many levels what stands over something that moves "
        "leaves what both frames show; torn: how far a place that switches is from both frames, 0.5 being their "
        f"mixture{'; RIFE / ours' if run.peer else ''}:",
        table(generated.rows(run.scenes, program, run.generated[program.profile], run.peer)),
        "Captions over panned pictures, by how many levels they leave what both frames show:",
        table(generated.caption_rows(run.scenes, program, run.generated[program.profile], run.peer)),
        "The gaps that lost most against the best of the others, one per clip:",
        table([{
            "clip": gap.clip, "rate": f"1/{gap.rate}", "maker": gap.maker, "colors": gap.size, "frame": gap.first,
            "mean flow": gap.flow, **{name: gap.mean(name) for name in betweens.METHODS},
        } for gap in betweens.worst_gaps(films, WORST)]),
        "A loop's in-betweens, from its last frame to its first (`--loop`), beside the same ones inside of the film, "
        "PSNR / SSIM:",
        table(run.loop_rows(program)),
        "Flat art and screens, every second frame as a GIF without loss: what the in-betweens change of the pixels "
        "that stand still, and the PSNR of those that move:",
        table(steady.art_rows(program, run.steady[program.profile])),
        "Cuts, where the earlier frame is held: films spliced from two clips, several makers, at twice their rate. "
        "Beside it, what looks like a cut (`probe`), and is held where the flow does not explain it:",
        table(run.cut_rows(program)),
    ])  # fmt: skip


def color_report(run: Run, program: Program, command: str) -> Section:
    """The colors of all clips, and whether they were taken for dithered."""
    records, images = run.records[program.profile], run.images[program.profile]
    made = rows.rows_of(records)
    profile, csv = program.profile, run.out / f"quality-{program.profile}.csv"
    csv.write_text("\n".join(rows.csv_lines(made)) + "\n")
    worse = document.worse_rows(made)
    flickering = max((row for row in made if row.kind == "all"), key=lambda row: row.flicker["restored"])
    color = Section("Color", [
        "On faces, what the project aims at:", table(document.aim_rows(made, profile)),
        *plot_images(made, profile, run.out / "images"),
        "All clips. GIF and restored are PSNR / SSIM; gradfun, deband and blur are gains in dB over the GIF:",
        table(document.color_rows(made)),
        "Gain by kind of clip, flicker of the restored film in brackets:", table(document.kind_rows(made)),
        f"Every number of every row: [{csv.name}]({csv.name}).",
    ])  # fmt: skip
    harm = Section("Worse than the GIF", [
        f"{sum(record.gain < 0 for record in records)} of {len(records)} GIFs. Most flicker: {flickering.maker}, "
        f"{flickering.size} colors, {flickering.flicker['restored']:.2f} times the original's motion.",
        *([table(worse)] if worse else []),
    ])  # fmt: skip
    verdicts = classifier.verdicts_of_clips(records) + images
    dither = Section("Dithered or not", [
        "Right verdicts of the program in per cent by palette size, and the smallest logit to the right side:",
        table(classifier.classifier_rows(verdicts)), classifier.summary(verdicts),
    ])  # fmt: skip
    parts = [measured_by(command), method(run, program, records), table(networks(program))]
    return Section(f"Colors of the profile {profile}", parts, [color, harm, dither])


def plot_images(made: list[rows.Row], profile: str, folder: Path) -> list[str]:
    """Draws the plots, and shows them."""
    pictures = [
        (plots.gain_plot, "gain", "Gain against palette size; solid: all clips, dotted: faces"),
        (plots.baseline_plot, "baselines", "Gain of gif2video and of the baselines"),
        (plots.flicker_plot, "flicker", "Motion of the GIF and of the restored film; red: 1.1 times the original's"),
    ]
    shown = []
    for plot, name, caption in pictures:
        file = plot(made, folder / f"quality-{profile}-{name}.svg")
        shown.append(f"![{caption}](images/{file})\n\n*{caption}.*")
    return shown


def drawn_report(run: Run, program: Program, command: str) -> Section:
    """Flat art that a GIF holds, drawn art that it does not hold, and GIFs as found."""
    quick, profile = run.plan.quick, program.profile
    flat_art = Section("Flat art and screens", [
        "Scenes of our own (`quality/flat_art.py`) that the GIF holds without loss: every change is for the worse. "
        "Each by several makers; the changes are those of the maker where they are largest:",
        table(flat.exact_rows(quick, program, run.flat[profile])),
        "The same scenes where the GIF does not hold them; \"right pixels\" are those that it does:",
        table(flat.lossy_rows(quick, program, run.flat[profile])),
    ])  # fmt: skip
    art = Section("Gradients and drawn art", [
        "PSNR of the GIF, gain of the program, and that of ffmpeg's `format=gbrp,gradfun=20:16`; worse: by more than "
        f"{drawn.NEAR} dB. Ramps with a moving disc, with grain of so many levels, by makers that do not dither:",
        table(drawn.ramp_rows(quick, program, run.drawn[profile])),
        "Generated scenes (`scenes/`):", table(drawn.scene_rows(run.scenes, program, run.drawn[profile])),
    ])  # fmt: skip
    below = [flat_art, art]
    if run.wild.is_dir():
        found = flat.wild_rows(run.wild, quick, program, run.flat[profile])
        text = "No original is known; what the program changes in their first frames:"
        below.append(Section("GIFs as found", [text, table(found)]))
    return Section(f"Drawn art of the profile {profile}", [measured_by(command), table(networks(program))], below)


EVERYTHING = """The main makers are measured with every palette size on every film (of films that were cut in two,
Pillow's alone on both), the others with 32 colors and their most on up to three films of every kind."""
A_FIRST_LOOK = "A first look: few makers, palette sizes and clips."


def method(run: Run, program: Program, records: list[rows.Record]) -> str:
    step = "" if run.plan.step == 1 else f", every {run.plan.step}th film frame"
    kinds = Counter(kind for _, kind in {(record.clip, record.kind) for record in records})
    clips = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    makers = "all makers" if program is run.programs[0] else f"{' and '.join(PAPER_MAKERS)} alone"
    missing = f" **{run.left_out} clips are missing: the run was ended.**" if run.left_out else ""
    return f"""\
Measured through the program itself: every number is of a real GIF file that a real tool wrote, given to
`gif2video filter --rate source`, which decides about dithering by itself. {len(records)} GIFs by {makers},
of the {kinds.total()} clips in
`{run.clips.parent.name}/{run.clips.name}` ({clips}): {run.plan.frames} consecutive frames from the middle of each
clip{step}, 256 x 256 from the center. gifsicle gets its film as ffmpeg's GIF of 256 colors, as it
reads GIFs only. {A_FIRST_LOOK if run.plan.quick else EVERYTHING}{missing}

- **PSNR** in dB over the RGB of a frame, averaged over the frames of a clip, then over clips; **SSIM** of the middle
  frame. **Gain**: PSNR of what the program made less PSNR of the GIF as any viewer shows it.
- **Chroma kept**: mean chroma (CIELAB) of the 5 % of a frame's pixels that are most colorful in the original, over the
  original's; **chroma error**: mean distance in a* and b*. Both of the middle frame: GIF → restored.
- **Flicker**: mean |R(t+1) - R(t)| over that of the original, averaged over clips: 1 is the original's motion.
  **Temporal error**: mean |(R(t+1) - R(t)) - (O(t+1) - O(t))| in 8-bit levels. Both: GIF → restored.
- **Worse**: clips that came out with less PSNR than the GIF had.
- **Baselines** on the same frames: ffmpeg's `gradfun` and `deband` with their defaults, in RGB, and a Gaussian of
  sigma 0.5."""


REPORTS: dict[str, tuple[str, Callable[[Run, Program, str], Section]]] = {
    "color": ("quality", color_report),
    "drawn": ("drawn", drawn_report),
    "in-betweens": ("in-betweens", between_report),
}
"""Of each report how its files' names begin, and what measures and writes it."""
