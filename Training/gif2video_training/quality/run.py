"""Measurements of some programs on a folder of data, from the stores or anew."""

from __future__ import annotations

import sys
import time
from functools import cached_property
from itertools import product
from pathlib import Path

from ..program import Program
from ..rife import Rife
from . import betweens, classifier, cuts, generated, rows, steady
from .color import base_scores, restored_scores
from .plan import PAPER_MAKERS, Plan, between_clips, chosen_sources, clips_folder, images_of, load_clip
from .store import BETWEENS, COLOR, CUTS, DRAWN, FLAT, GENERATED, STEADY, Store, sources_key

WORST = 10


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Run:
    """Everything that is measured of some programs (one for each profile) on one folder of data."""

    def __init__(
        self,
        data: Path,
        plan: Plan,
        programs: list[Program],
        cache: Path,
        minutes: float,
        peer: Rife | None,
        out: Path,
        pictures: Path,
    ):
        """out: folder of the reports; pictures: folder of what is to be looked at and not kept."""
        self.peer, self.out, self.pictures = peer, out, pictures
        self.minutes = minutes
        self.left_out = 0
        self.clips = clips_folder(data)
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
        self.drawn = stores(folders, sources_key(DRAWN, self.clips))
        self.between = stores(moving, sources_key(BETWEENS, self.clips))
        self.steady = stores(moving, sources_key(STEADY, self.clips))
        self.generated = stores(moving, sources_key(GENERATED, self.clips))
        self.scenes = generated.Scenes(self.clips, cache / "frames", 3 if plan.quick else 15)
        self.cuts = stores(moving, sources_key(CUTS, self.clips))

    @cached_property
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

    @cached_property
    def films(self) -> dict[str, list[betweens.Film]]:
        """The in-betweens of all clips that are fast enough, per profile that has a network of its own for them."""
        result = {program.profile: [] for program in self.programs}
        programs = [program for program in self.programs if (program.models / "superslomo.safetensors").exists()]
        for clip in between_clips(self.clips, self.plan.between_step):
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

    def write_sheets(self, program: Program) -> None:
        """The worst gaps, and every kind of generated scenes, to look at."""
        self.write_worst(program, self.films[program.profile])
        self.write_scenes(program, self.pictures / "scenes")

    def write_worst(self, program: Program, films: list[betweens.Film]) -> None:
        file = self.pictures / f"worst-in-betweens-{program.profile}.png"
        worst = betweens.worst_gaps(films, WORST)
        clips = {clip.name: clip for clip in between_clips(self.clips, self.plan.between_step)}
        file.parent.mkdir(parents=True, exist_ok=True)
        betweens.sheet(worst, clips, program, self.peer).save(file)
        say(f"{file.resolve()}")

    def write_scenes(self, program: Program, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in generated.KINDS:
            file = folder / f"scenes-{kind}-{program.profile}.png"
            generated.sheet(self.scenes, program, self.peer, kind).save(file)
            say(f"{file.resolve()}")

    @cached_property
    def images(self) -> dict[str, list[classifier.Said]]:
        """Verdicts on still images; none if the time was over before."""
        result = {program.profile: [] for program in self.programs}
        for image in [] if self.left_out else images_of(self.clips, self.plan):
            for program in self.programs:
                store = self.color[program.profile]
                result[program.profile] += classifier.verdicts_of_image(image, program, self.base, store)
        return result
