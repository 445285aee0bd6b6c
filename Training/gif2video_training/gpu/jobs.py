"""The list of jobs (Training/gpu/jobs.toml): what is trained, from what, for how long."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

TRAINING = Path(__file__).resolve().parents[2]
JOBS = TRAINING / "gpu/jobs.toml"
LONGEST = 540
"""Seconds of all shares together."""


@dataclass(frozen=True)
class Job:
    """One training. Paths are relative to Training/.

    name: of the file it writes; config: a configuration; start: a model file, or "" for weights at random; seconds: its
    share, of which the last `measure` are for measuring; set: changes to the exported configuration; export: whether
    it writes weights, which must fit into a file of the result; colors: fewest and most; training: changes to the
    configuration's training.
    """

    name: str
    config: str
    seconds: float
    measure: float
    start: str = ""
    set: dict = field(default_factory=dict)
    export: bool = True
    colors: tuple[int, int] = (16, 256)
    training: dict = field(default_factory=dict)
    least_steps: int = 0

    def configuration(self) -> dict:
        config = json.loads((TRAINING / self.config).read_text())
        return config | {"training": config["training"] | self.training}

    @property
    def start_file(self) -> Path | None:
        return TRAINING / self.start if self.start else None

    @property
    def training_seconds(self) -> float:
        return max(self.seconds - self.measure, 0)

    def tiny(self) -> Job:
        """The same for a rehearsal: steps that a CPU can do, and few of them."""
        training = self.training | {"batch": 1, "patch": 32, "warmup": 1, "rate": 1e-5}
        if "superslomo" in self.name:
            training["patch"] = 64
        return replace(self, seconds=1, measure=0, training=training, least_steps=2)


@dataclass(frozen=True)
class JobList:
    """limit: seconds after the program's start by which every job ends; restorers: a folder of color networks, whose
    pictures the in-betweens are trained on."""

    limit: float
    restorers: Path
    jobs: list[Job]


def read_jobs(path: Path | None = None) -> JobList:
    """The jobs of a file; ends the program where one is wrong."""
    path = path or JOBS
    try:
        table = tomllib.loads(path.read_text())
        measure = table["measure"]
        jobs = [Job(**{"measure": measure} | row | {"colors": tuple(row.get("colors", (16, 256)))})
                for row in table["job"]]  # fmt: skip
        listed = JobList(table["limit"], TRAINING / table["restorers"], jobs)
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise SystemExit(f"{path}: {type(error).__name__}: {error}") from error
    for job in jobs:
        for file in (job.config, job.start):
            if file and not (TRAINING / file).is_file():
                raise SystemExit(f"{path}: {job.name}: no file {TRAINING / file}")
        if job.seconds <= job.measure:
            raise SystemExit(f"{path}: {job.name}: all of its {job.seconds} s are for measuring")
    if len({job.name for job in jobs}) < len(jobs):
        raise SystemExit(f"{path}: two jobs have the same name")
    total = sum(job.seconds for job in jobs)
    if total >= LONGEST:
        raise SystemExit(f"{path}: the shares are {total} s together, {LONGEST} s are too many")
    return listed
