"""The package that travels to the GPU: one tar file of small clips and images, with a manifest.

    manifest.json    what every entry is: Entry's fields, by name
    train/NAME.mp4   clips, H.264
    train/NAME.webp  images
    val/NAME.mp4     center crops of the validation clips
    wild.xz          GIFs of those clips by tools that are not on the GPU's machine (wild.py)

The same sources make the same bytes.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST, WILD = "manifest.json", "wild.xz"


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


def write_package(path: Path, files: list[tuple[Entry, bytes]], wild: bytes) -> None:
    """Writes the package; time stamps and owners are left at zero."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with tarfile.open(partial, "w", format=tarfile.USTAR_FORMAT) as archive:
        manifest = json.dumps([asdict(entry) for entry, _ in files], indent=0)
        _add(archive, MANIFEST, manifest.encode())
        for entry, data in files:
            _add(archive, entry.name, data)
        _add(archive, WILD, wild)
    partial.rename(path)


@dataclass(frozen=True)
class Package:
    """A package on disk; what is none ends the program."""

    path: Path

    @contextmanager
    def _opened(self) -> Iterator[tarfile.TarFile]:
        if not self.path.is_file():
            raise SystemExit(f"{self.path}: no package here; Training/gpu/pack makes one, --package names another")
        try:
            with tarfile.open(self.path) as archive:
                yield archive
        except (tarfile.TarError, KeyError, TypeError, ValueError) as error:
            raise SystemExit(f"{self.path}: not a package of Training/gpu/pack ({error})") from error

    def files(self) -> Iterator[tuple[Entry, bytes]]:
        """The entries with their bytes, in the package's order."""
        with self._opened() as archive:
            for row in json.loads(archive.extractfile(MANIFEST).read()):
                entry = Entry(**row)
                yield entry, archive.extractfile(entry.name).read()

    @property
    def wild(self) -> bytes:
        with self._opened() as archive:
            return archive.extractfile(WILD).read()
