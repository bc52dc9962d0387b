"""Small trained runs that ship with the program, and are never written to.

They lie on a shelf of their own, beside whatever folder of runs is in use. What a person adds to one, such as an
evaluation or a named latent, goes into a copy of it in that folder, which from then on stands in its place.
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from filelock import FileLock

from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError
from gancore.files import write_aside
from gancore.i18n import _

VARIABLE = "GANSCOPE_STARTERS"
"""The environment variable that names another shelf, or is ``none``."""
_CONFIG = "config.json"
_copying = threading.Lock()


def shelf_folder() -> Path | None:
    """Where the shipped runs are: ``GANSCOPE_STARTERS``, else ``checkpoints/starters`` beside the packages.

    Returns:
        None when there are none, or the variable is ``none``.
    """
    asked = os.environ.get(VARIABLE)
    if asked == "none":
        return None
    folder = Path(asked) if asked else Path(__file__).resolve().parents[1] / "checkpoints" / "starters"
    return folder if folder.is_dir() else None


class ShippedFolder(RunFolder):
    """A run on the shelf, or its copy where something was added to it."""

    def __init__(self, path: Path, root: Path) -> None:
        """Args:
        path: on the shelf.
        root: the folder of runs, where a copy is or would be.
        """
        self._copy = root / path.name
        super().__init__(path)
        self.lock = FileLock(self._copy / "run.lock", thread_local=False)

    @property
    def path(self) -> Path:
        """Where it is now."""
        return self._copy if (self._copy / _CONFIG).is_file() else self._on_shelf

    @path.setter
    def path(self, path: Path) -> None:
        self._on_shelf = path

    def for_writing(self) -> Path:
        """The run's copy in the folder of runs, made when it is first asked for.

        Raises:
            CheckpointError: when that folder cannot be written to.
        """
        with _copying:
            if self.path != self._copy:
                self._copy_from_shelf()
        return self._copy

    def _copy_from_shelf(self) -> None:
        try:
            # A folder is a run once it has a configuration, so nobody meets half a copy.
            shutil.copytree(
                self._on_shelf,
                self._copy,
                ignore=shutil.ignore_patterns(_CONFIG),
                copy_function=shutil.copyfile,
                dirs_exist_ok=True,
            )
            write_aside(self._copy / _CONFIG, (self._on_shelf / _CONFIG).read_bytes())
        except OSError as error:
            raise CheckpointError(
                _(
                    "{run} ships with GANscope, and its copy in {folder} cannot be written: {error}",
                    run=self.id,
                    folder=self._copy.parent,
                    error=error,
                )
            ) from error
