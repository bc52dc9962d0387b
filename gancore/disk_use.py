"""The room that a run takes on disk, and how much of it can be given back while its samples and curves stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gancore.checkpoint import RunFolder
from gancore.errors import RunError
from gancore.i18n import _
from gancore.player_files import STATE_FILE


@dataclass(frozen=True)
class DiskUse:
    """Bytes of one run's files; a file with several names counts once."""

    total: int
    reclaimable: int
    """What :func:`reclaim` would give back: files that another run has too stay on disk."""
    checkpoints: int
    """How many checkpoints it would remove."""


def disk_use(folder: RunFolder) -> DiskUse:
    """How much room a run takes now."""
    spare = _spare(folder)
    return DiskUse(
        total=sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in _stats([folder.path])}.values()),
        reclaimable=freed_by_removing(spare),
        checkpoints=sum((path / STATE_FILE).is_file() for path in spare),
    )


def reclaim(folder: RunFolder) -> int:
    """Remove a run's checkpoints but the newest, and what a kill left half-written.

    It can be resumed as before, and draw the samples of every milestone; only branches begin at its newest checkpoint
    alone.

    Returns:
        Bytes given back.

    Raises:
        RunError: when the run is live.
    """
    refuse_live(folder)
    spare = _spare(folder)
    freed = freed_by_removing(spare)
    for path in spare:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return freed


def refuse_live(folder: RunFolder) -> None:
    """Raises RunError for a run whose files change."""
    if folder.read_status().state.is_live:
        raise RunError(_("run {run} is live; stop it before taking room back", run=folder.id))


def freed_by_removing(paths: Iterable[Path]) -> int:
    """Bytes that come free when files and folders go: of those whose every name is among them."""
    seen: dict[tuple[int, int], tuple[int, int, int]] = {}
    for stat in _stats(paths):
        key = (stat.st_dev, stat.st_ino)
        names = seen[key][2] if key in seen else 0
        seen[key] = (stat.st_size, stat.st_nlink, names + 1)
    return sum(size for size, links, names in seen.values() if names >= links)


def size_text(count: float) -> str:
    """Bytes as a person reads them: ``3.2 MB``."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:,.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _spare(folder: RunFolder) -> list[Path]:
    return [*folder.checkpoints()[1:], *folder.path.glob(".*.part"), *folder.path.glob("galleries/.*.part")]


def _stats(paths: Iterable[Path]) -> list[os.stat_result]:
    """Of all files in or at ``paths``; those that go away meanwhile are left out."""
    found, waiting = [], [str(path) for path in paths]
    while waiting:
        path = waiting.pop()
        try:
            with os.scandir(path) as entries:
                waiting += [entry.path for entry in entries]
        except NotADirectoryError:
            try:
                found.append(os.stat(path))  # noqa: PTH116 (thousands of files, looked at every two seconds)
            except OSError:
                continue
        except OSError:
            continue
    return found
