"""The planned length of a run: how far it is, and when its galleries fall due."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gancore.config import Length

MILESTONES = (0, 25, 50, 75, 100)
"""Percentages of the planned length at which a gallery and the generator's weights are kept (seed 004, task 3)."""
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Position:
    """How much has been trained."""

    iteration: int = 0
    images_seen: int = 0
    elapsed_s: float = 0.0
    epoch: float = 0.0
    """Passes through the data."""


def whole_percent(share: float) -> int:
    """A share of the plan as a percentage, rounded down."""
    return math.floor(100 * share + _TOLERANCE)


def whole_epochs(position: Position) -> int:
    """Passes through the data that are complete."""
    return math.floor(position.epoch + _TOLERANCE)


@dataclass(frozen=True)
class Schedule:
    """A plan against a data set's size.

    Where the batches of an iteration change while a run trains, epochs are counted on from there.
    """

    plan: Length
    batches_per_epoch: int
    batches_per_iteration: int
    sample_every: Length | None = None
    from_iteration: int = 0
    """The iteration since which epochs are counted with these batches."""
    from_epoch: float = 0.0
    """The epoch that was reached by then."""

    @property
    def iterations_per_epoch(self) -> int:
        """Iterations that cover one pass through the data, the last one perhaps only in part."""
        return -(-self.batches_per_epoch // self.batches_per_iteration)

    @property
    def total_iterations(self) -> int | None:
        """Iterations until the end; None where time or images decide."""
        if self.plan.unit == "it":
            return int(self.plan.amount)
        if self.plan.unit == "ep":
            exact = (self.plan.amount - self.from_epoch) * self.batches_per_epoch / self.batches_per_iteration
            return max(1, self.from_iteration + math.ceil(exact - _TOLERANCE))
        return None

    def epoch_at(self, iteration: int) -> float:
        """Passes through the data by the end of an iteration, which is not before ``from_iteration``."""
        since = iteration - self.from_iteration
        return self.from_epoch + since * self.batches_per_iteration / self.batches_per_epoch

    def progress(self, position: Position) -> float:
        """Share of the plan that is done, 0 to 1."""
        share = self._measure(self.plan, position) / self.plan.amount
        return 1.0 if share >= 1 - _TOLERANCE else share

    def extra_galleries(self, position: Position) -> int:
        """How many times the extra-gallery interval has passed."""
        return 0 if self.sample_every is None else self.times_passed(self.sample_every, position)

    def times_passed(self, interval: Length, position: Position) -> int:
        """How many times an interval has passed."""
        return math.floor(self._measure(interval, position) / interval.amount + _TOLERANCE)

    def _measure(self, length: Length, position: Position) -> float:
        if length.unit == "ep":
            return position.epoch
        if length.unit == "it":
            return position.iteration
        return position.images_seen if length.unit == "img" else position.elapsed_s
