"""Everything a run trains with, built from its configuration and put where its last checkpoint left it."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import gancore
from gancore import data
from gancore.checkpoint import RunFolder
from gancore.config import RunConfig
from gancore.data import ImageData
from gancore.devices import resolve_device, resolve_precision
from gancore.errors import CheckpointError, DataError
from gancore.feed import Feed
from gancore.gallery import Painter
from gancore.helm import Helm
from gancore.history import HISTORY_FILE, SIGNALS_FILE, History, read_history
from gancore.i18n import _
from gancore.players import build_players
from gancore.points import PointData
from gancore.probe import Probe
from gancore.recipes.recipe import Players, Recipe
from gancore.recorder import Recorder
from gancore.schedule import Position, Schedule
from gancore.status import Resolved
from gancore.steering import Change


@dataclass
class Prepared:
    """What one run trains with; used by its training thread only."""

    dataset: ImageData | PointData
    randomness: torch.Generator
    """Draws batches, latents and augmentation, on the device that trains."""
    batches: data.Batches
    players: Players
    helm: Helm
    feed: Feed
    painter: Painter
    probe: Probe
    schedule: Schedule

    def state(self, position: Position) -> dict[str, Any]:
        """What a checkpoint keeps beside the players; :func:`restore` reads it."""
        return {
            "generator": self.randomness.get_state(),
            "batches": self.batches.state_dict(),
            "position": vars(position),
            "changes": [change.model_dump() for change in self.helm.changes],
            "counted_from": (self.schedule.from_iteration, self.schedule.from_epoch),
        }

    def count_epochs_from(self, position: Position, batches_per_iteration: int) -> None:
        """Count epochs with other batches an iteration from here on."""
        self.schedule = replace(
            self.schedule,
            batches_per_iteration=batches_per_iteration,
            from_iteration=position.iteration,
            from_epoch=position.epoch,
        )


def prepare(folder: RunFolder, config: RunConfig, recipe: Recipe, recorder: Recorder) -> Prepared:
    """Load the data, build the players, and go to the folder's last checkpoint if it has one.

    Args:
        recorder: given the position and the history to go on from.

    Raises:
        DataError: when the data set is missing or not one the recipe can train on.
        CheckpointError: when the folder's files are damaged, or the data set has changed its shape.
    """
    before = folder.read_resolved()
    device = resolve_device(config.device)
    precision = before.precision if before else resolve_precision(config.precision, device)
    dataset = data.load(config.data, config.image_size, config.channels)
    if recipe.conditioned_on == "label" and len(dataset.classes) < 2:
        raise DataError(
            _("{preset} needs labelled data, found one class only in {data}", preset=config.preset, data=config.data)
        )
    if before is not None and before.shape != tuple(dataset.shape):
        raise CheckpointError(
            _(
                "{data} now holds samples of shape {found}, but the run was trained on {shape}",
                data=config.data,
                found=tuple(dataset.shape),
                shape=before.shape,
            )
        )
    randomness = torch.Generator(device).manual_seed(config.seed)
    settings, classes = config.settings, len(dataset.classes)
    batches = data.Batches(
        dataset, settings.batch_size, settings.data_range, randomness, shortest=2 * settings.packing
    )
    players = build_players(config, dataset.shape, device, precision, classes)
    players.random = randomness
    schedule = Schedule(config.plan, batches.per_epoch, recipe.batches_per_iteration(settings), config.sample_every)
    painter = Painter(config, dataset, players)
    if painter.conditions is not None:
        folder.write_conditions(painter.conditions)
    folder.write_resolved(
        Resolved(
            shape=dataset.shape,
            classes=dataset.classes,
            images=len(dataset.samples),
            batches_per_epoch=batches.per_epoch,
            batches_per_iteration=schedule.batches_per_iteration,
            device=str(device),
            precision=precision,
            torch_version=torch.__version__,
            gancore_version=gancore.__version__,
            python_version=platform.python_version(),
            platform=f"{platform.system()} {platform.machine()}",
            threads=torch.get_num_threads(),
        )
    )
    feed = Feed(batches, config, randomness, classes)
    limits = None if isinstance(dataset, PointData) else data.RANGES[settings.data_range]
    probe = Probe(players, limits, labelled=recipe.conditioned_on == "label")
    prepared = Prepared(dataset, randomness, batches, players, Helm(players, config), feed, painter, probe, schedule)
    restore(prepared, folder, recipe, recorder)
    return prepared


def restore(prepared: Prepared, folder: RunFolder, recipe: Recipe, recorder: Recorder) -> None:
    """Put everything where the last checkpoint left it; what was recorded after it is computed again."""
    state = folder.load_checkpoint(prepared.players)
    if state is None:
        folder.write_galleries([])
        folder.write_changes([])
        return
    if "generator" in state:  # a branch with another seed or device begins with its own
        prepared.randomness.set_state(state["generator"])
    prepared.batches.load_state_dict(state["batches"])
    prepared.helm.take_over([Change(**change) for change in state.get("changes", ())])
    folder.write_changes(prepared.helm.changes)

    iteration, epoch = state.get("counted_from", (0, 0.0))
    prepared.count_epochs_from(Position(iteration, epoch=epoch), recipe.batches_per_iteration(prepared.helm.settings))
    # Checkpoints of version 0.1.0 do not have the epoch.
    reached = {"epoch": prepared.schedule.epoch_at(state["position"]["iteration"]), **state["position"]}
    recorder.position = position = Position(**reached)
    _restore_rows(recorder.history, folder.path / HISTORY_FILE, position)
    if (folder.path / SIGNALS_FILE).is_file():
        _restore_rows(recorder.signals, folder.path / SIGNALS_FILE, position)
    folder.write_galleries([gallery for gallery in folder.galleries() if gallery.iteration <= position.iteration])


def _restore_rows(history: History, path: Path, position: Position) -> None:
    stored = read_history(path)
    stored.keep_until(position.iteration)
    rows, count = stored.since()
    missing = np.full(count, np.nan)  # what the version that wrote the file did not know
    history.append(np.column_stack([rows.get(name, missing) for name in history.names]))
