"""The package that travels to the GPU: one tar file of small clips and images, with a manifest.

    manifest.json    what every entry is: Entry's fields, by name
    train/NAME.mp4   clips, H.264
    train/NAME.webp  images
    val/NAME.mp4     centre crops of the validation clips

The same sources make the same bytes.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Entry:
    """One clip or image of the package. frames: their number; fps: 0 of an image; motion: the manifest's measure."""

    name: str
    kind: str
    is_clip: bool
    fps: float
    motion: float
    frames: int

    @property
    def is_for_validation(self) -> bool:
        return self.name.startswith("val/")


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def write_package(path: Path, files: list[tuple[Entry, bytes]]) -> None:
    """Writes the package; time stamps and owners are left at zero."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        manifest = json.dumps([asdict(entry) for entry, _ in files], indent=0)
        _add(archive, MANIFEST, manifest.encode())
        for entry, data in files:
            _add(archive, entry.name, data)
    partial.rename(path)


def read_package(path: Path) -> Iterator[tuple[Entry, bytes]]:
    """The package's entries with their bytes, in its order."""
    if not path.is_file():
        raise SystemExit(f"{path}: no package here; Training/gpu/pack makes one, --package names another")
    try:
        with tarfile.open(path) as archive:
            entries = [Entry(**row) for row in json.loads(archive.extractfile(MANIFEST).read())]
            for entry in entries:
                yield entry, archive.extractfile(entry.name).read()
    except (tarfile.TarError, KeyError, TypeError, ValueError) as error:
        raise SystemExit(f"{path}: not a package of Training/gpu/pack ({error})") from error
