"""Deleted runs, which can be brought back until the trash is emptied: ``.trash`` below the run folders."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gancore.checkpoint import RunFolder
from gancore.disk_use import freed_by_removing
from gancore.errors import CheckpointError, RunError
from gancore.files import write_json
from gancore.i18n import _

FOLDER, FILE = ".trash", "trashed.json"


@dataclass(frozen=True)
class Trashed:
    """A deleted run."""

    path: Path
    """Where its folder is now."""
    id: str
    at: float
    """When it was deleted, in seconds since 1970."""

    @property
    def bytes(self) -> int:
        """What emptying the trash of it would free."""
        return freed_by_removing([self.path])

    @property
    def folder(self) -> RunFolder:
        """Its files, to read only."""
        return RunFolder(self.path)


def trashed(root: Path) -> list[Trashed]:
    """The deleted runs, the latest first."""
    found = []
    for path in (root / FOLDER).glob("*/config.json"):
        try:
            told = json.loads((path.parent / FILE).read_text(encoding="utf-8"))
            found.append(Trashed(path.parent, str(told["id"]), float(told["at"])))
        except (OSError, ValueError, TypeError, KeyError):  # moved there by hand
            with contextlib.suppress(OSError):  # gone since
                found.append(Trashed(path.parent, path.parent.name, path.parent.stat().st_mtime))
    return sorted(found, key=lambda each: each.at, reverse=True)


def move_to_trash(folder: RunFolder) -> Trashed:
    """Take a run's folder out of the list of runs.

    Raises:
        RunError: when some process holds it.
        CheckpointError: when it cannot be moved.
    """
    if folder.is_held():
        raise RunError(_("run {run} is used by a process that trains it; stop it before deleting it", run=folder.id))
    trash = folder.path.parent / FOLDER
    at, target = time.time(), trash / folder.id
    number = 1
    while target.exists():  # one of this name is there, deleted before
        number += 1
        target = trash / f"{folder.id}.{number}"
    try:
        trash.mkdir(exist_ok=True)
        write_json(folder.path / FILE, {"id": folder.id, "at": at})
        folder.path.rename(target)
    except OSError as error:
        (folder.path / FILE).unlink(missing_ok=True)
        raise CheckpointError(
            _("run {run} cannot be deleted: {reason}", run=folder.id, reason=error.strerror or error)
        ) from error
    return Trashed(target, folder.id, at)


def restore(root: Path, run_id: str, path: Path | None = None) -> RunFolder:
    """Bring a deleted run back as it was.

    Args:
        path: where it is now, of several of one name; None: the one deleted last.

    Raises:
        CheckpointError: listing what is in the trash, when it is not there, or when there is a run of its name.
    """
    there = trashed(root)
    found = next((each for each in there if each.id == run_id and path in (None, each.path)), None)
    if found is None:
        names = ", ".join(dict.fromkeys(each.id for each in there)) or _("nothing")
        raise CheckpointError(_("there is no run {run!r} in the trash; there is: {names}", run=run_id, names=names))
    target = root / run_id
    if target.exists() or Path(run_id).name != run_id:
        raise CheckpointError(_("run {run} cannot be restored: there is a run of that name", run=run_id))
    try:
        found.path.rename(target)
    except OSError as error:
        raise CheckpointError(
            _("run {run} cannot be restored: {reason}", run=run_id, reason=error.strerror or error)
        ) from error
    (target / FILE).unlink(missing_ok=True)
    return RunFolder(target)


def empty(root: Path, only: Collection[Path] | None = None) -> int:
    """Remove deleted runs for good.

    Args:
        only: where these are now (:attr:`Trashed.path`); None: all.

    Returns:
        Bytes freed.
    """
    there = [each.path for each in trashed(root) if only is None or each.path in only]
    freed = freed_by_removing(there)
    for path in there:
        shutil.rmtree(path, ignore_errors=True)
    if only is None:
        shutil.rmtree(root / FOLDER, ignore_errors=True)
    with contextlib.suppress(OSError):  # another run has been deleted since
        (root / FOLDER).rmdir()
    return freed
