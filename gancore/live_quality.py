"""Quality while a run trains: snapshots of the generator, measured in a thread of their own.

The training thread only copies weights, and only when the last snapshot is done with and measuring has taken at most
:data:`SHARE` of a processor's time. What a measurement takes does not change what the run computes.
"""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from gancore import data
from gancore.checkpoint import RunFolder
from gancore.config import RunConfig
from gancore.devices import work_when_idle
from gancore.errors import CheckpointError
from gancore.files import write_json
from gancore.history import POSITION, History, read_history, write_history
from gancore.i18n import _
from gancore.player_files import weights_of
from gancore.points import PointData
from gancore.recipes.recipe import Players
from gancore.sampler import Sampler
from gancore.schedule import Position, Schedule
from gancore.sources import is_points

SHARE = 0.03
"""Most of the time that the measuring thread may work."""
SAMPLES = 500
"""Images in one live measurement; points: 2,500."""
REAL_IMAGES = 2_000
"""Real images that they are compared with: to look at ten thousand would take a tenth of a minute's training."""
_SEED = 3_000_017
_FILE, _FACTS_FILE = "quality.arrow", "quality.json"


class QualityFacts(BaseModel):
    """What the numbers of a run's live quality are; ``quality.json``."""

    model_config = ConfigDict(frozen=True)

    extractor: str
    """What turned samples into features; empty for points, which need none."""
    samples: int
    classes: int
    """How many classes or modes can be covered; 0 where that is not known, or more than there are samples."""


class Quality(BaseModel):
    """The live quality of a run so far."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    facts: QualityFacts
    history: History
    """One row a measurement: the position, and ``frechet``, ``modes``, ``confidence`` as the data set gives them; of
    points ``wasserstein``, ``modes``, ``high_quality``."""


def measured_numbers(config: RunConfig) -> tuple[str, ...]:
    """The numbers that a run's live quality will have, known before anything is measured; empty if nothing will be.

    Raises:
        DataError: when the file of a data set of points is missing or damaged.
    """
    if config.measure_every is None:
        return ()
    if is_points(config.data):
        from gancore.plane import points_of

        return ("wasserstein",) if points_of(config).modes is None else ("wasserstein", "modes", "high_quality")
    from gancore.evaluate.extractors import knows_classes

    return ("frechet", "modes", "confidence") if knows_classes(config.data) else ("frechet",)


def read_quality(folder: RunFolder) -> Quality | None:
    """A run's live quality from its folder; None before the first measurement.

    Raises:
        CheckpointError: when a file of it is damaged.
    """
    path = folder.path / _FACTS_FILE
    if not path.is_file():
        return None
    try:
        facts = QualityFacts.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise CheckpointError(_("{file} is damaged and cannot be read", file=path)) from error
    return Quality(facts=facts, history=read_history(folder.path / _FILE))


class QualityWatch:
    """Measures one run; made, asked and closed by its training thread."""

    def __init__(
        self, folder: RunFolder, config: RunConfig, dataset: data.ImageData | PointData, schedule: Schedule
    ) -> None:
        self._folder, self._config, self._dataset, self._schedule = folder, config, dataset, schedule
        self._thread: threading.Thread | None = None
        self._sampler: Sampler | None = None
        self._measure: Callable[[Tensor], dict[str, float]] | None = None
        self._next_at = 0.0
        self._passed = 0
        self._broken = False
        self.quality: Quality | None = None
        """What has been measured; read by any thread."""

    def begin(self, position: Position) -> None:
        """Start at a position; what an earlier process measured after it is dropped."""
        self._passed = self._times_due(position)
        with contextlib.suppress(CheckpointError):  # what is damaged is measured anew
            self.quality = read_quality(self._folder)
        if self.quality is not None:
            self.quality.history.keep_until(position.iteration)

    def consider(self, position: Position, players: Players) -> None:
        """Measure the generator as it is, if that is due; called between two iterations."""
        due = self._times_due(position)
        if due == self._passed:
            return
        busy = self._thread is not None and self._thread.is_alive()
        if busy or self._broken or time.perf_counter() < self._next_at:
            return
        self._passed = due
        weights = weights_of(players.shown)
        self._thread = threading.Thread(
            target=self._work, args=(position, weights), name=f"measure {self._folder.id}", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Wait for the measurement under way: torch aborts a process that ends under it."""
        if self._thread is not None:
            self._thread.join()

    def _times_due(self, position: Position) -> int:
        every = self._config.measure_every
        return 0 if every is None else self._schedule.times_passed(every, position)

    def _work(self, position: Position, weights: dict[str, Tensor]) -> None:
        torch.set_num_threads(1)  # of this thread only
        try:
            first = self._measure is None
            if first:
                # Imports hold the interpreter's lock: given way to on a busy machine, they would hold up all others.
                self._prepare(weights)
            else:
                work_when_idle()
            # What it takes from the training is this thread's work, not how long it waits for a busy machine.
            started = time.thread_time()
            self._record(position, self._take(weights))
            if not first:  # which also imports what it needs, once
                self._next_at = time.perf_counter() + (time.thread_time() - started) / SHARE
        except Exception:  # a number that cannot be had must not end the run, nor be tried for again and again
            self._broken = True
            (self._folder.path / "quality-error.log").write_text(traceback.format_exc(), encoding="utf-8")

    def _prepare(self, weights: dict[str, Tensor]) -> None:
        """Load what samples are compared with, once."""
        self._sampler = Sampler(self._folder, weights)
        dataset, config = self._dataset, self._config
        if isinstance(dataset, PointData):
            from gancore.evaluate.plane import plane_quality
            from gancore.plane import COUNTED

            self._facts = QualityFacts(
                extractor="", samples=COUNTED, classes=0 if dataset.modes is None else len(dataset.modes)
            )
            self._measure = lambda samples: plane_quality(samples, dataset)
        else:
            from gancore.evaluate.metrics import quick_quality
            from gancore.evaluate.reference import reference_for

            reference = reference_for(config.data, config.image_size, config.channels, REAL_IMAGES)
            extractor = reference.extractor
            # So few samples cannot cover the thousand classes of stacked MNIST.
            classes = len(extractor.classes) if len(extractor.classes) <= SAMPLES else 0
            self._facts = QualityFacts(extractor=extractor.name, samples=SAMPLES, classes=classes)
            self._measure = lambda samples: quick_quality(samples, reference)
        if self.quality is not None and self.quality.facts != self._facts:
            self.quality = None  # measured otherwise before: such numbers do not share a curve

    def _take(self, weights: dict[str, Tensor]) -> dict[str, float]:
        if self._sampler is None or self._measure is None:
            return {}
        self._sampler.load(weights)
        return self._measure(self._sampler.images(self._sampler.latents(_SEED, self._facts.samples)))

    def _record(self, position: Position, found: dict[str, float]) -> None:
        first = self.quality is None
        quality = self.quality or Quality(facts=self._facts, history=History([*POSITION, *found]))
        history = quality.history
        row = {
            "iteration": position.iteration,
            "epoch": position.epoch,
            "images_seen": position.images_seen,
            "elapsed_s": position.elapsed_s,
            **found,
        }
        history.append(np.array([[row.get(name, np.nan) for name in history.names]]))
        write_history(history, self._path)
        if first:  # last, as readers look for it first
            write_json(self._folder.path / _FACTS_FILE, self._facts.model_dump(mode="json"))
            self.quality = quality

    @property
    def _path(self) -> Path:
        return self._folder.path / _FILE
