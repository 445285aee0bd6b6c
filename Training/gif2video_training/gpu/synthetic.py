"""Films for rehearsals and tests, drawn, so that neither needs data."""

import numpy as np


def film(count: int, height: int, width: int, seed: int = 1) -> np.ndarray:
    """Shaded discs that move before a gradient, with grain, uint8 [count, H, W, 3]: many colors, edges and motion."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    base = rng.uniform(40, 200, 3) + 50 * np.stack([np.sin(x / w + y / v) for w, v in rng.uniform(20, 90, (3, 2))], -1)
    discs = [
        (rng.uniform(0, 1, 2) * (height, width), rng.uniform(-4, 4, 2), rng.uniform(0.1, 0.35) * height,
         rng.uniform(0, 255, 3))
        for _ in range(5)
    ]  # fmt: skip
    frames = []
    for t in range(count):
        picture = base.copy()
        for place, speed, radius, color in discs:
            distance = np.hypot(y - place[0] - t * speed[0], x - place[1] - t * speed[1])
            cover = np.clip(radius - distance, 0, 1)[..., None]
            shade = np.clip(1.2 - 0.8 * distance / radius, 0, 2)[..., None]
            picture = picture * (1 - cover) + color * shade * cover
        frames.append(np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8))
    return np.stack(frames)
