"""Points that a person drew or brought along, as files that are data sets like any other; no Streamlit here."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gancore.errors import DataError
from gancore.files import write_aside
from gancore.i18n import _
from gancore.points import DRAWN_SUFFIX, read_points
from gancore.sources import data_folder


def folder() -> Path:
    """Where the drawings are."""
    return data_folder() / "drawings"


def drawings() -> list[Path]:
    """The drawings there are, by name."""
    return sorted(folder().glob(f"*{DRAWN_SUFFIX}"))


def save_points(name: str, points: NDArray[np.float64]) -> Path:
    """Store painted points, one ``x,y`` a line.

    Args:
        name: what the file is called after; letters, digits and hyphens are kept.
        points: (N, 2).

    Raises:
        DataError: when there are too few, or the folder cannot be written to.
    """
    lines = "".join(f"{x:.5f},{y:.5f}\n" for x, y in points)
    return save_file(f"{name}{DRAWN_SUFFIX}", lines.encode())


def save_file(name: str, content: bytes) -> Path:
    """Store a file of points that can be read as such; one of that name already keeps it, and this is numbered.

    Raises:
        DataError: when it cannot be read as points, or the folder cannot be written to.
    """
    stem = re.sub(r"[^\w-]+", "-", name.removesuffix(DRAWN_SUFFIX)).strip("-")[:40] or "drawing"
    with tempfile.TemporaryDirectory() as aside:
        trial = Path(aside) / f"{stem}{DRAWN_SUFFIX}"
        trial.write_bytes(content)
        try:
            read_points(trial)
        except DataError as error:
            raise DataError(str(error).replace(str(trial), trial.name)) from error
    target, number = folder() / f"{stem}{DRAWN_SUFFIX}", 1
    while target.exists():
        number += 1
        target = folder() / f"{stem}-{number}{DRAWN_SUFFIX}"
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_aside(target, content)
    except OSError as error:
        raise DataError(_("cannot write {file}: {reason}", file=target, reason=error.strerror)) from error
    return target
