"""A branch: a new run that goes on from a checkpoint of another, with something changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancore import data
from gancore.checkpoint import DAMAGE, KEPT, RunFolder
from gancore.config import RunConfig, config_error
from gancore.devices import resolve_device, resolve_precision
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.files import link_or_copy
from gancore.history import History, read_history, write_history
from gancore.i18n import _
from gancore.networks import Shape, shape_of
from gancore.player_files import AVERAGED, read_state, write_state
from gancore.players import sketch
from gancore.recipes import reconfigure
from gancore.schedule import Position, Schedule, whole_percent
from gancore.status import Parent, Resolved
from gancore.steering import Change, Steering, Value, differences, in_force, planned_steering

_LOGS = ("history.arrow", "quality.arrow", "signals.arrow")
_FACTS = ("quality.json", "conditions.safetensors")
_DATA = ("data", "image_size", "channels")
_ATTEMPTS = 5


@dataclass(frozen=True)
class BranchPoint:
    """A checkpoint that a run keeps."""

    iteration: int
    percent: int
    """Of the run's plan, rounded down."""
    bytes: int
    """On disk; a hard link counts like any other file."""


def branch_points(folder: RunFolder, config: RunConfig, history: History) -> list[BranchPoint]:
    """The checkpoints in a run's folder, oldest first.

    Args:
        history: of the run, as far as it is known.
    """
    points, schedule = [], Schedule(config.plan, 1, 1)
    galleries = {g.iteration: g.percent for g in folder.galleries() if g.percent is not None}
    for path in reversed(folder.checkpoints()):
        iteration = int(path.name.rpartition("-")[2])
        try:
            size = sum(file.stat().st_size for file in path.iterdir())
        except FileNotFoundError:  # the run has just replaced it
            continue
        percent = galleries.get(iteration)
        if percent is None:
            percent = whole_percent(schedule.progress(_position_in(history, iteration)))
        points.append(BranchPoint(iteration, percent, size))
    return points


def _position_in(history: History, iteration: int) -> Position:
    rows, count = history.since()
    row = int(np.searchsorted(rows["iteration"], iteration))
    if row == count:
        return Position(iteration)
    return Position(
        iteration, int(rows["images_seen"][row]), float(rows["elapsed_s"][row]), float(rows["epoch"][row])
    )


def begin_branch(
    parent: RunFolder, iteration: int | None, overrides: Mapping[str, Any]
) -> tuple[RunFolder, RunConfig]:
    """Make the folder of a branch beside its parent's, ready to be resumed, with its lock held.

    Args:
        iteration: of a checkpoint that the parent keeps; None: the newest.
        overrides: settings that differ from the parent's.

    Raises:
        CheckpointError, ConfigError, DataError, RunError: as :meth:`gancore.runs.RunManager.branch`.
    """
    before, resolved = parent.read_config(), parent.read_resolved()
    after = reconfigure(before, **overrides)
    device = resolve_device(after.device)
    if resolved is None or not parent.checkpoints():
        raise RunError(_("run {run} has no checkpoint to branch from", run=parent.id))
    _refuse_other_shapes(before, after, resolved, overrides)
    if (before.device, before.precision) != (after.device, after.precision):
        resolved = resolved.model_copy(update={"precision": resolve_precision(after.precision, device)})
    problem: OSError | None = None
    for _attempt in range(_ATTEMPTS):
        source = _chosen(parent, iteration)
        try:
            return _Branching(parent, source, before, after, resolved).make(device), after
        except FileNotFoundError as error:  # a live parent replaces its newest checkpoint meanwhile
            problem = error
            time.sleep(0.05)
    raise CheckpointError(
        _("{folder} is damaged and cannot be branched from: {reason}", folder=source, reason=problem)
    ) from problem


def _chosen(parent: RunFolder, iteration: int | None) -> Path:
    found = {int(path.name.rpartition("-")[2]): path for path in reversed(parent.checkpoints())}
    if iteration is None and found:
        return found[max(found)]
    if iteration not in found:
        kept = ", ".join(f"{number:,}" for number in found)
        raise RunError(
            _(
                "run {run} keeps no checkpoint of iteration {iteration}; choose one of {kept}",
                run=parent.id,
                iteration=iteration,
                kept=kept,
            )
        )
    return found[iteration]


def _refuse_other_shapes(
    before: RunConfig, after: RunConfig, resolved: Resolved, overrides: Mapping[str, Any]
) -> None:
    known = shape_of(resolved.shape), max(2, len(resolved.classes))

    def shapes(config: RunConfig) -> tuple[Shape, dict[str, torch.Size]]:
        shape, classes = known
        if any(getattr(config, name) != getattr(before, name) for name in _DATA):
            dataset = data.load(config.data, config.image_size, config.channels)
            shape, classes = shape_of(dataset.shape), max(2, len(dataset.classes))
        players = sketch(config, shape, classes)
        parts = {"generator": players.generator, "discriminator": players.discriminator}
        return shape, {f"{p}.{n}": value.shape for p, part in parts.items() for n, value in part.state_dict().items()}

    kept = shapes(before)
    if shapes(after) == kept:
        return
    guilty = []
    for name, value in overrides.items():
        try:
            alone = reconfigure(before, **{name: value})
        except ConfigError:  # valid only together with others
            continue
        if shapes(alone) != kept:
            guilty.append(name)
    told = _("decides the networks' shapes, so a branch keeps its parent's")
    raise config_error(before.preset, dict.fromkeys(guilty or overrides, told))


@dataclass(frozen=True)
class _Branching:
    """What a branch is made from."""

    parent: RunFolder
    source: Path
    """The checkpoint it begins with."""
    before: RunConfig
    after: RunConfig
    resolved: Resolved

    def make(self, device: torch.device) -> RunFolder:
        """The branch's folder, with its lock held.

        Raises:
            FileNotFoundError: when the checkpoint went away meanwhile.
        """
        try:
            state = read_state(self.source)
            position = self._position(state)
        except FileNotFoundError:
            raise
        except DAMAGE as error:
            raise CheckpointError(
                _("{folder} is damaged and cannot be branched from: {reason}", folder=self.source, reason=error)
            ) from error
        schedule = Schedule(self.after.plan, 1, 1)
        if (progress := schedule.progress(position)) >= 1:
            raise RunError(
                _(
                    "run {run} had trained {epochs:.4g} epochs ({iterations:,} iterations, {seconds:.4g} s) "
                    "by that checkpoint; expected a longer plan, found {plan}",
                    run=self.parent.id,
                    epochs=position.epoch,
                    iterations=position.iteration,
                    seconds=position.elapsed_s,
                    plan=self.after.plan.describe(),
                )
            )
        folder = RunFolder.create(self.parent.path.parent, self.after)
        folder.lock.acquire(timeout=5)
        try:
            status = folder.stored_status()
            folder.write_status(status.model_copy(update={**vars(position), "progress": progress}))
            folder.write_resolved(self.resolved)
            folder.write_parent(
                Parent(run=self.parent.id, iteration=position.iteration, percent=self._percent(position))
            )
            self._copy_checkpoint(folder, self._changed(state, position, device))
            self._copy_record(folder, position, schedule)
        except BaseException:
            folder.lock.release()
            folder.delete()
            raise
        return folder

    def _position(self, state: Mapping[str, Any]) -> Position:
        stored, resolved = state["position"], self.resolved
        # Checkpoints of version 0.1.0 do not have the epoch.
        epoch = stored["iteration"] * resolved.batches_per_iteration / resolved.batches_per_epoch
        return Position(**{"epoch": epoch, **stored})

    def _percent(self, position: Position) -> int:
        for gallery in self.parent.galleries():
            if gallery.iteration == position.iteration and gallery.percent is not None:
                return gallery.percent
        return whole_percent(Schedule(self.before.plan, 1, 1).progress(position))

    def _changed(self, state: dict[str, Any], position: Position, device: torch.device) -> dict[str, Any]:
        """The checkpoint's state under the branch's configuration."""
        before, after = self.before, self.after
        other_data = any(getattr(before, name) != getattr(after, name) for name in _DATA)
        other_seed = before.seed != after.seed
        state = {**state, "position": vars(position)}
        if other_seed or device.type != torch.device(self.resolved.device).type:
            state.pop("generator")
        if other_seed or other_data or before.settings.batch_size != after.settings.batch_size:
            nothing = torch.empty(0, dtype=torch.int64)
            state["batches"] = {"order": nothing, "cursor": 0, "images_seen": position.images_seen}
        if other_data or before.settings != after.settings:
            state["counted_from"] = (position.iteration, position.epoch)
        changes = [Change(**change) for change in state.get("changes", ())]
        state["changes"] = [change.model_dump() for change in (*changes, *self._changes(changes, position))]
        return state

    def _changes(self, earlier: Sequence[Change], position: Position) -> list[Change]:
        """What the branch begins with that its parent did not have then."""
        planned, replanned = (planned_steering(sketch(c), c.settings) for c in (self.before, self.after))
        now = in_force(planned, earlier)
        old_rates = {name: (_rate(planned, name), _rate(now, name)) for name in replanned.learning_rates}
        rates = {n: r if r != old_rates[n][0] else old_rates[n][1] for n, r in replanned.learning_rates.items()}
        steps = now.critic_steps if replanned.critic_steps == planned.critic_steps else replanned.critic_steps
        goal = Steering(learning_rates=rates, critic_steps=steps, trains=now.trains)
        start = Steering(
            learning_rates={name: rate for name, (_, rate) in old_rates.items()},
            critic_steps=now.critic_steps,
            trains=now.trains,
        )
        changes = [*self._other_settings(position), *differences(start, goal, position)]
        # What was steered under another optimizer's name has to be said under the new one's.
        return [*changes, *differences(in_force(replanned, [*earlier, *changes]), goal, position)]

    def _other_settings(self, position: Position) -> list[Change]:
        steered = ("learning_rate", "critic_steps")
        fields = type(self.after.settings).model_fields
        compared = [
            *((self.before, self.after, RunConfig.model_fields[name].title, name) for name in ("data", "seed")),
            *((self.before.settings, self.after.settings, fields[n].title, n) for n in fields if n not in steered),
        ]
        return [
            Change.at(position, name, _plain(getattr(old, name)), _plain(getattr(new, name)), title or name)
            for old, new, title, name in compared
            if getattr(old, name) != getattr(new, name)
        ]

    def _copy_checkpoint(self, folder: RunFolder, state: dict[str, Any]) -> None:
        target = folder.path / self.source.name
        aside = target.with_name(f".{target.name}.part")
        aside.mkdir()
        # By name: the folder may go away meanwhile, which has to show.
        names = ["generator", "discriminator", *([AVERAGED] if "averaged_updates" in state else [])]
        for name in names:
            link_or_copy(self.source / f"{name}.safetensors", aside / f"{name}.safetensors")
        if self.after.keep_checkpoints == "milestones" and (self.source / KEPT).is_file():
            (aside / KEPT).touch()
        write_state(aside, state)
        aside.rename(target)
        folder.write_changes([Change(**change) for change in state["changes"]])

    def _copy_record(self, folder: RunFolder, position: Position, schedule: Schedule) -> None:
        """The parent's logs and galleries up to the checkpoint."""
        for name in _LOGS:
            if (self.parent.path / name).is_file():
                history = read_history(self.parent.path / name)
                history.keep_until(position.iteration)
                write_history(history, folder.path / name)
        for name in _FACTS:
            if (self.parent.path / name).is_file():
                link_or_copy(self.parent.path / name, folder.path / name)
        galleries = [gallery for gallery in self.parent.galleries() if gallery.iteration <= position.iteration]
        (folder.path / "galleries").mkdir()
        for gallery in galleries:
            for file in filter(None, (gallery.image, gallery.weights)):
                link_or_copy(self.parent.path / file, folder.path / file)
        other_plan = self.before.plan != self.after.plan
        folder.write_galleries([gallery.under(schedule) if other_plan else gallery for gallery in galleries])


def _rate(steering: Steering, optimizer: str) -> float:
    """An optimizer's rate, also where another had its player before."""
    rates = steering.learning_rates
    return rates.get(optimizer, rates.get("both", next(iter(rates.values()))))


def _plain(value: Any) -> Value:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value).lower()
