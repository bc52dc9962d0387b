"""A run's folder: everything about it, each file written aside and then renamed.

config.json                 what was asked for
resolved.json               what that came to on the machine that trains
status.json                 state and position
history.arrow               one row an iteration (Arrow IPC stream)
signals.arrow               one row a probed iteration: signals that mean the same for every GAN
quality.arrow, .json        what was measured while it trained, and what the numbers are
galleries.json              index of the galleries
galleries/<iteration>.png   sample grids; at milestones also <iteration>.safetensors, the generator's weights
conditions.safetensors      what a conditional generator is told for its galleries and samples
changes.json                what was steered while it trained
parent.json                 the run and the checkpoint that a branch began from
checkpoint-<iteration>/     both networks (safetensors), the averaged generator where there is one, and resume.pt:
                            optimizers, randomness, position, changes; where it stays when newer ones come, also kept
run.lock                    held by the process that trains the run, so a kill shows
error.log                   the traceback of a run that failed
quality-error.log           the traceback of measuring it, which ended while the run went on
evaluation.json             what was measured of it afterwards, an entry a milestone
library.json                its name, tags and note
latents.json                latents and directions that a person has named
answers.json                what a student answered to the lab's questions about it
upload.json                 of a run whose generator was trained elsewhere: the file it came from
shipped.json                of a run that comes with the program: how it was made
trashed.json                of a deleted run: its id, and when it was deleted
"""

from __future__ import annotations

import json
import pickle
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gancore.config import RunConfig
from gancore.errors import CheckpointError, ConfigError
from gancore.files import write_aside, write_json
from gancore.i18n import _, reason_of
from gancore.player_files import load_players, save_players, weights_of
from gancore.recipes import load_config
from gancore.recipes.recipe import Players
from gancore.schedule import Position, Schedule, whole_percent
from gancore.status import Parent, Resolved, RunState, Status
from gancore.steering import Change

Model = TypeVar("Model", bound=BaseModel)
SHIPPED_FILE = "shipped.json"
KEPT = "kept"
"""An empty file that marks a checkpoint which stays when newer ones come."""
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, EOFError, pickle.UnpicklingError, SafetensorError)
"""What reading a damaged checkpoint may raise."""
_TIME_IN_NAME = re.compile(r"(\d{8}-\d{6})(?:-(\d+))?$")


class Gallery(BaseModel):
    """One sample grid of a run, and at milestones the weights that drew it."""

    model_config = ConfigDict(frozen=True)

    iteration: int
    epoch: float
    images_seen: int
    elapsed_s: float
    percent: int | None = None
    """0, 25, 50, 75 or 100 of the plan, or where a stopped run ended; None for an extra gallery."""
    image: str
    weights: str | None = None

    @property
    def label(self) -> str:
        """What a caption calls it."""
        if self.percent is not None:
            return f"{self.percent} %"
        return _("iteration {iteration:,}", iteration=self.iteration)

    def under(self, schedule: Schedule) -> Gallery:
        """The same with a milestone's percentage of another plan."""
        if not self.percent:
            return self
        share = schedule.progress(Position(self.iteration, self.images_seen, self.elapsed_s, self.epoch))
        return self.model_copy(update={"percent": whole_percent(share)})


class RunFolder:
    """Reads and writes one run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = FileLock(path / "run.lock", thread_local=False)

    @property
    def id(self) -> str:
        """The run's name, which is its folder's."""
        return self.path.name

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the program: a finished run, of which only what is shown was kept."""
        return (self.path / SHIPPED_FILE).is_file()

    def for_writing(self) -> Path:
        """Where a file about an ended run may be put; :attr:`path` from then on."""
        return self.path

    @classmethod
    def create(cls, root: Path, config: RunConfig) -> RunFolder:
        """Make a new folder below ``root``, named after preset, data and time.

        Raises:
            CheckpointError: when ``root`` cannot be written to.
        """
        data = re.sub(r"[^a-z0-9]+", "-", Path(config.data).name.lower()).strip("-") or "images"
        start = f"{config.preset}-{data[:24]}"
        now = time.strftime("%Y%m%d-%H%M%S")
        for attempt in range(1000):
            # Times are unique among all runs, so that they tell which is newer.
            stamp = now if attempt == 0 else f"{now}-{attempt + 1}"
            if any(root.glob(f"*-{stamp}")):
                continue
            path = root / f"{start}-{stamp}"
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise CheckpointError(
                    _("cannot make a run folder in {folder}: {reason}", folder=root, reason=error.strerror)
                ) from error
            folder = cls(path)
            folder.write_config(config)
            folder.write_status(Status(created_at=time.time()))
            return folder
        raise CheckpointError(_("cannot find a free run name in {folder}", folder=root))

    @classmethod
    def open(cls, root: Path, run_id: str) -> RunFolder:
        """An existing run's folder.

        Raises:
            CheckpointError: listing the latest runs when there is none of that name.
        """
        if Path(run_id).name != run_id or not (root / run_id / "config.json").is_file():
            names = [folder.id for folder in run_folders(root)]
            raise CheckpointError(
                _(
                    "there is no run {run!r} in {folder}; the latest are {names}",
                    run=run_id,
                    folder=root,
                    names=", ".join(names[:5]),
                )
                if names
                else _("there is no run {run!r} in {folder}; there are no runs yet", run=run_id, folder=root)
            )
        return cls(root / run_id)

    def read_config(self) -> RunConfig:
        """Raises CheckpointError when the file is damaged or its preset is not known here."""
        try:
            return load_config(self._read_json("config.json"))
        except ConfigError as error:
            raise CheckpointError(
                _("{file} cannot be used: {reason}", file=self.path / "config.json", reason=reason_of(error))
            ) from error

    def write_config(self, config: RunConfig) -> None:
        """Store what was asked for."""
        write_json(self.path / "config.json", config.model_dump(mode="json"))

    def read_resolved(self) -> Resolved | None:
        """What the configuration came to; None before the run first trained."""
        if not (self.path / "resolved.json").is_file():
            return None
        return self._parse("resolved.json", Resolved)

    def write_resolved(self, resolved: Resolved) -> None:
        """Store what the configuration came to."""
        write_json(self.path / "resolved.json", resolved.model_dump(mode="json"))

    def read_status(self) -> Status:
        """The status on disk; a live state whose process is gone reads as interrupted."""
        status = self.stored_status()
        if status.state.is_live and not self.is_held():
            ended = {"state": RunState.INTERRUPTED, "eta_s": None, "iterations_per_s": 0.0}
            return status.saying(_("its process ended before the run did")).model_copy(update=ended)
        return status

    def stored_status(self) -> Status:
        """The status as the file has it, whoever holds the run."""
        return self._parse("status.json", Status)

    def write_status(self, status: Status) -> None:
        """Store the status, with the time."""
        write_json(
            self.path / "status.json",
            status.model_copy(update={"updated_at": time.time()}).model_dump(mode="json"),
        )

    def is_held(self) -> bool:
        """Whether some process, this one included, holds the run."""
        probe = FileLock(self.lock.lock_file, thread_local=False)
        try:
            with probe.acquire(timeout=0):
                return False
        except (Timeout, OSError):
            return True

    def galleries(self) -> list[Gallery]:
        """The galleries so far, oldest first.

        Raises:
            CheckpointError: when their index is damaged.
        """
        return self._parse_list("galleries.json", Gallery)

    def add_gallery(self, gallery: Gallery, image: bytes, generator: nn.Module) -> None:
        """Store a gallery's picture, the generator's weights where the gallery keeps them, and then its entry."""
        (self.path / "galleries").mkdir(exist_ok=True)
        write_aside(self.path / gallery.image, image)
        if gallery.weights is not None:
            write_aside(self.path / gallery.weights, save(weights_of(generator)))
        self.write_galleries([*self.galleries(), gallery])

    def write_galleries(self, galleries: list[Gallery]) -> None:
        """Replace the index."""
        write_json(self.path / "galleries.json", [gallery.model_dump(mode="json") for gallery in galleries])

    def load_weights(self, file: str) -> dict[str, Tensor]:
        """Weights stored under ``file``, relative to the folder.

        Raises:
            CheckpointError: when the file is missing or damaged.
        """
        try:
            return load_file(self.path / file)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(
                _("{file} cannot be read as weights: {reason}", file=self.path / file, reason=error)
            ) from error

    def write_conditions(self, conditions: Tensor) -> None:
        """Store what a conditional generator is told for its samples; see :func:`gancore.gallery.conditions_of`."""
        write_aside(self.path / "conditions.safetensors", save({"conditions": conditions.contiguous()}))

    def read_conditions(self) -> Tensor | None:
        """What :meth:`write_conditions` stored; None for an unconditional run."""
        if not (self.path / "conditions.safetensors").is_file():
            return None
        return self.load_weights("conditions.safetensors")["conditions"]

    def generator_weights(self, gallery: Gallery) -> dict[str, Tensor]:
        """The weights that drew a milestone's gallery.

        Raises:
            CheckpointError: when none were kept, or they are damaged.
        """
        if gallery.weights is None:
            raise CheckpointError(
                _("run {run} kept no weights with its gallery at {label}", run=self.id, label=gallery.label)
            )
        return self.load_weights(gallery.weights)

    def changes(self) -> list[Change]:
        """What was steered so far, oldest first.

        Raises:
            CheckpointError: when the file is damaged.
        """
        return self._parse_list("changes.json", Change)

    def write_changes(self, changes: Sequence[Change]) -> None:
        """Replace what :meth:`changes` reads."""
        write_json(self.path / "changes.json", [change.model_dump(mode="json") for change in changes])

    def parent(self) -> Parent | None:
        """Where a branch began; None for a run that began by itself.

        Raises:
            CheckpointError: when the file is damaged.
        """
        return self._parse("parent.json", Parent) if (self.path / "parent.json").is_file() else None

    def write_parent(self, parent: Parent) -> None:
        """Store what :meth:`parent` reads."""
        write_json(self.path / "parent.json", parent.model_dump(mode="json"))

    def save_checkpoint(
        self, players: Players, iteration: int, state: dict[str, Any], keep: bool = False, shown: str | None = None
    ) -> None:
        """Store both networks and the state to resume from, then remove the checkpoints before that are not kept.

        Args:
            keep: let it stay when newer ones come.
            shown: a file of the folder that has the weights of ``players.shown`` already.
        """
        target = self.checkpoint_path(iteration)
        aside = self.path / f".{target.name}.part"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        save_players(aside, players, state, None if shown is None else self.path / shown)
        if keep or (target / KEPT).is_file():
            (aside / KEPT).touch()
        old = self.checkpoints()
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
        for path in old:
            if path != target and not (path / KEPT).is_file():
                shutil.rmtree(path, ignore_errors=True)

    def checkpoint_path(self, iteration: int) -> Path:
        """Where the checkpoint of an iteration is, or would be."""
        return self.path / f"checkpoint-{iteration:08d}"

    def checkpoints(self) -> list[Path]:
        """Complete checkpoint folders, newest first."""
        return sorted(self.path.glob("checkpoint-*"), reverse=True)

    def load_checkpoint(self, players: Players) -> dict[str, Any] | None:
        """Put the newest checkpoint into ``players`` and return the state stored with it; None when there is none.

        Raises:
            CheckpointError: when the checkpoint is damaged.
        """
        found = self.checkpoints()
        if not found:
            return None
        try:
            return load_players(found[0], players)
        except DAMAGE as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise CheckpointError(
                _("{folder} is damaged and cannot be resumed from: {reason}", folder=found[0], reason=reason)
            ) from error

    def delete(self) -> None:
        """Remove the folder and all in it."""
        shutil.rmtree(self.path)

    def _parse(self, name: str, model: type[Model]) -> Model:
        try:
            return model.model_validate(self._read_json(name))
        except ValidationError as error:
            raise CheckpointError(
                _("{file} is damaged: {reason}", file=self.path / name, reason=error.errors()[0]["msg"])
            ) from error

    def _parse_list(self, name: str, model: type[Model]) -> list[Model]:
        if not (self.path / name).is_file():
            return []
        try:
            return [model.model_validate(item) for item in self._read_json(name)]
        except (ValidationError, TypeError) as error:
            reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else _("expected a list")
            raise CheckpointError(_("{file} is damaged: {reason}", file=self.path / name, reason=reason)) from error

    def _read_json(self, name: str) -> Any:
        try:
            return json.loads((self.path / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CheckpointError(
                _("{file} cannot be read: {reason}", file=self.path / name, reason=error)
            ) from error


def run_folders(root: Path) -> list[RunFolder]:
    """All run folders below ``root``, newest first by the time in their names."""

    def started(folder: RunFolder) -> tuple[str, int, str]:
        found = _TIME_IN_NAME.search(folder.id)
        return (found[1], int(found[2] or 1), "") if found else ("", 0, folder.id)

    return sorted((RunFolder(path.parent) for path in root.glob("*/config.json")), key=started, reverse=True)
