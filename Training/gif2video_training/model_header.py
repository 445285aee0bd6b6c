"""Model files as bytes, without PyTorch: the header, the tensors, and a hash of the weights.

A safetensors file is 8 bytes of header length (little-endian), a JSON header padded with spaces, then the tensors'
bytes (https://github.com/huggingface/safetensors#format). The same tensors and metadata make the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

FORMAT, VERSION = "gif2video-model", "1"
DESCRIBING = ("name", "training", "history", "quality")
"""Metadata that people read; the rest decides what a program makes with the weights."""


@dataclass(frozen=True)
class ModelBytes:
    """A safetensors file. metadata: all text; tensors: each one's type, shape and place by name; data: their bytes."""

    metadata: dict[str, str]
    tensors: dict[str, dict]
    data: bytes

    @classmethod
    def parse(cls, content: bytes) -> ModelBytes:
        """A file's bytes. Raises ValueError where they are no safetensors file."""
        length = int.from_bytes(content[:8], "little")
        if len(content) < 8 or length > len(content) - 8:
            raise ValueError("not a safetensors file")
        header = json.loads(content[8 : 8 + length])
        return cls(header.pop("__metadata__", {}), header, content[8 + length :])

    @property
    def weights(self) -> str:
        """The first 16 digits of the SHA-256 of the tensors' bytes: what the header says is no part of it."""
        return hashlib.sha256(self.data).hexdigest()[:16]

    @property
    def identity(self) -> bytes:
        """Changes with the weights and with what decides how a program uses them, not with what it is told of them."""
        used = {key: value for key, value in self.metadata.items() if key not in DESCRIBING}
        return json.dumps([used, self.tensors], sort_keys=True).encode() + self.data

    def with_metadata(self, metadata: dict[str, str]) -> ModelBytes:
        return replace(self, metadata=metadata)

    def write(self, path: Path) -> None:
        """Writes the file in place of one that may be there, readable for everybody."""
        metadata = dict(sorted(self.metadata.items()))
        header = json.dumps({"__metadata__": metadata} | self.tensors, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(len(header).to_bytes(8, "little") + header + self.data)
        partial.chmod(0o644)
        partial.replace(path)


def read_model(path: Path) -> ModelBytes:
    """A model file of ours; ends the program where it is none."""
    try:
        model = ModelBytes.parse(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path}: {error}") from error
    if model.metadata.get("format") != FORMAT or model.metadata.get("version") != VERSION:
        raise SystemExit(f"{path}: not a {FORMAT} file of version {VERSION}")
    return model
