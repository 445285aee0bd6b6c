"""Runs RIFE on a motion pool's samples and writes its answers beside them as teacher.npy.

    python -m gif2video_training.teacher cache/motion cache/scenes

float16 [N, 6, WINDOW / 2, WINDOW / 2]: flows from t to the restored frames i0 and i1 (x, y each, in pixels of the whole
window), the share of the first in the mixture, and the mean absolute error of RIFE's picture in [-1, 1] units: a
teacher is to be followed where it is right.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .motion_pool import MotionPool
from .rife import Rife


def write_answers(folder: Path, rife: Rife) -> None:
    pool = MotionPool(folder)
    half = pool.frames.shape[2] // 2
    partial = folder / "teacher.partial.npy"
    answers = np.lib.format.open_memmap(partial, "w+", np.float16, (len(pool), 6, half, half))
    for slot in range(len(pool)):
        frames = torch.from_numpy(np.array(pool.frames[slot, 2:])).movedim(-1, 1).float() / 127.5 - 1
        i0, i1, truth = frames[:, None]
        said = rife(i0, i1, float(pool.time[slot]))
        error = (said.frame - truth).abs().mean(1, keepdim=True)
        answers[slot] = F.avg_pool2d(torch.cat([said.ft0, said.ft1, said.share, error], 1), 2)[0].half().numpy()
    answers.flush()
    partial.rename(folder / "teacher.npy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pools", type=Path, nargs="+", help="folders of motion pools")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rife = Rife()
    for folder in options.pools:
        if (folder / "teacher.npy").exists():
            print(f"{folder}/teacher.npy is there")
        else:
            write_answers(folder, rife)


if __name__ == "__main__":
    main()
