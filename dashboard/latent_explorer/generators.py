"""The generators that the latent-space page and its routes draw from: one network a run, whose weights change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from gancore.blending import blend
from gancore.directions import Directions, ganspace, sefa
from gancore.errors import RunError
from gancore.i18n import _
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sampling import Milestone, placed_milestones

NOW = "now"
"""A live run's generator as it is; ``now@1234`` is the copy taken at iteration 1234."""
RUNS_KEPT, WEIGHTS_KEPT, DIRECTIONS_KEPT = 8, 8, 32
SNAPSHOT_S = 10.0
MOST_DIRECTIONS = 12

Weights = dict[str, Tensor]


class Generators:
    """All generators of one run, for any thread: one call at a time."""

    def __init__(self, run: Run) -> None:
        """Args:
        run: one that has trained.
        """
        self.run, self.lock = run, threading.RLock()
        self._weights: OrderedDict[tuple[str, int], Weights] = OrderedDict()
        self._directions: OrderedDict[tuple[object, ...], Directions] = OrderedDict()
        self._sampler: Sampler | None = None
        self._loaded: tuple[object, ...] = ()
        self._milestones: tuple[tuple[int, ...], dict[str, Milestone]] = ((), {})

    def milestones(self) -> Mapping[str, Milestone]:
        """``50 %`` -> what was kept there, oldest first.

        Raises:
            CheckpointError: when the run's files are damaged.
        """
        with self.lock:
            version = tuple(_time(self.run.folder.path / name) for name in ("galleries.json", "config.json"))
            if self._milestones[0] != version:
                found = {f"{placed.percent:g} %": placed for placed in placed_milestones(self.run)}
                self._milestones = version, found
            return self._milestones[1]

    def snapshot(self) -> str:
        """Copy a live run's generator; the moment that stands for the copy.

        Raises:
            RunError: when this process does not train it, or it did not answer in time.
        """
        weights, iteration = self.run.snapshot(SNAPSHOT_S), self.run.status().iteration
        moment = f"{NOW}@{iteration}"
        with self.lock:
            self._remember((moment, 0), weights)
        return moment

    def has_copy(self, moment: str) -> bool:
        """Whether what :meth:`snapshot` gave is still kept."""
        with self.lock:
            return (moment, 0) in self._weights

    def sampler(self, at: str, toward: str = "", share: float = 0.0) -> Sampler:
        """The run's one sampler with the weights of a moment; hold :attr:`lock` while using it.

        Args:
            at: one of :meth:`milestones`, or what :meth:`snapshot` gave.
            toward: another; empty: none.
            share: how far the weights are mixed towards it (:func:`gancore.blending.blend`), 0 to 1.

        Raises:
            RunError: when there is no such moment.
            CheckpointError: when its weights are gone or damaged.
        """
        first, weights = self._open(at)
        wanted: tuple[object, ...] = (first,)
        if toward and share > 0:
            second, other = self._open(toward)
            weights = blend(weights, other, share) if share < 1 else other
            wanted = (first, second, share) if share < 1 else (second,)
        if self._sampler is None:
            self._sampler = Sampler(self.run.folder, weights)
        elif wanted != self._loaded:
            self._sampler.load(weights)
        self._loaded = wanted
        return self._sampler

    def directions(self, method: str, at: str, condition: int | None) -> Directions:
        """Directions of a moment's generator, found once; ``method``: sefa or pca."""
        with self.lock:
            sampler = self.sampler(at)
            key = (method, self._loaded, condition if method == "pca" else None)
            if key not in self._directions:
                self._directions[key] = (
                    sefa(sampler, MOST_DIRECTIONS)
                    if method == "sefa"
                    else ganspace(sampler, MOST_DIRECTIONS, condition)
                )
                while len(self._directions) > DIRECTIONS_KEPT:
                    self._directions.popitem(last=False)
            return self._directions[key]

    def _open(self, at: str) -> tuple[tuple[str, int], Weights]:
        """A moment's weights, and what changes when they do."""
        if at.startswith(f"{NOW}@"):
            key = (at, 0)
            if key not in self._weights:
                raise RunError(_("the copy of run {run} is no longer kept; copy it again", run=self.run.id))
            self._weights.move_to_end(key)
            return key, self._weights[key]
        found = self.milestones()
        if at not in found:
            there = ", ".join(found) or _("none yet")
            raise RunError(
                _("run {run} has no milestone {at!r}; there are: {there}", run=self.run.id, at=at, there=there)
            )
        gallery = found[at].gallery
        key = (str(gallery.weights), _time(self.run.folder.path / str(gallery.weights)))
        if key not in self._weights:
            self._remember(key, self.run.folder.generator_weights(gallery))
        self._weights.move_to_end(key)
        return key, self._weights[key]

    def _remember(self, key: tuple[str, int], weights: Weights) -> None:
        self._weights[key] = weights
        while len(self._weights) > WEIGHTS_KEPT:
            self._weights.popitem(last=False)


_open: OrderedDict[str, Generators] = OrderedDict()
_lock = threading.Lock()


def generators_of(run: Run) -> Generators:
    """A run's generators; those of the runs asked for last stay open, for the page and for the routes alike."""
    key = str(run.folder.path)
    with _lock:
        if key not in _open:
            _open[key] = Generators(run)
        # A run that has ended since, or trains again, is another object.
        _open[key].run = run
        _open.move_to_end(key)
        while len(_open) > RUNS_KEPT:
            _open.popitem(last=False)
        return _open[key]


def _time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
