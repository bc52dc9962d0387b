"""Latents and directions that a person has named, kept with the run: ``latents.json`` in its folder."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, ConfigError
from gancore.files import write_json
from gancore.i18n import _

FILE = "latents.json"
Kind = Literal["point", "direction"]
LONGEST_NAME = 80
_lock = threading.Lock()


class Kept(BaseModel):
    """One named vector of a run's latent space."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    kind: Kind
    vector: tuple[float, ...]
    """latent_dim numbers: a z, or a direction of length 1."""
    source: str = ""
    """Where it comes from, in a few words: a seed, an inverted image, a factorisation."""

    @property
    def z(self) -> Tensor:
        """(latent_dim,) float32."""
        return torch.tensor(self.vector)


def kept(folder: RunFolder, kind: Kind | None = None) -> list[Kept]:
    """What was kept with a run, oldest first; of one kind, or all.

    Raises:
        CheckpointError: when the file is damaged.
    """
    path = folder.path / FILE
    if not path.is_file():
        return []
    try:
        found = [Kept.model_validate(item) for item in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise CheckpointError(_("{path} cannot be read: {error}", path=path, error=error)) from error
    return [each for each in found if kind is None or each.kind == kind]


def keep(folder: RunFolder, name: str, kind: Kind, vector: Tensor, source: str = "") -> None:
    """Keep a vector under a name; one of the same name and kind is replaced.

    Args:
        vector: (latent_dim,).

    Raises:
        ConfigError: when the name is empty or too long.
        CheckpointError: when the file is damaged.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ConfigError(
            _("expected a name of 1 to {longest} characters, found {count}", longest=LONGEST_NAME, count=len(name))
        )
    new = Kept(name=name, kind=kind, vector=tuple(vector.tolist()), source=source)
    with _lock:
        others = [each for each in kept(folder) if (each.name, each.kind) != (name, kind)]
        _write(folder.for_writing() / FILE, [*others, new])


def forget(folder: RunFolder, name: str, kind: Kind) -> None:
    """Let go of what was kept under a name; nothing happens where there is none."""
    with _lock:
        found = kept(folder)
        others = [each for each in found if (each.name, each.kind) != (name, kind)]
        if len(others) < len(found):
            _write(folder.for_writing() / FILE, others)


def _write(path: Path, found: list[Kept]) -> None:
    write_json(path, [each.model_dump(mode="json") for each in found])
