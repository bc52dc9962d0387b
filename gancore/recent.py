"""The latest signals of a run, how they agree, and since when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gancore.history import Columns, History

FEWEST, RECENT, LOOKBACK = 20, 30, 1_000
"""Probed iterations that a finding needs, that it is judged by, and how far back its beginning is looked for."""
MOST = 0.9
"""Share of the recent rows that must agree: batches are small, so one row may be chance."""
STRETCH, HOLDS = 10, 0.8
"""What held before now is judged by stretches of so many rows, of which this share must agree."""


class RecentSignals:
    """The latest rows, and the highest values of the whole run."""

    def __init__(self, signals: History) -> None:
        self._signals = signals
        self.latest: Columns
        self.latest, _ = signals.since(max(0, len(signals) - LOOKBACK))

    def peak(self, name: str) -> float:
        """The third highest value so far: two may be accidents."""
        values = self._signals.column(name)
        values = values[np.isfinite(values)]
        return float(np.partition(values, -3)[-3]) if len(values) >= 3 else np.nan

    def recent(self, name: str) -> float:
        """Median of the recent rows."""
        return float(np.median(self.latest[name][-RECENT:]))

    def since(self, agree: NDArray[np.bool_], least: int = int(HOLDS * RECENT)) -> int | None:
        """The iteration from which on rows agree.

        Args:
            agree: of each of :attr:`latest`'s rows, whether it does.
        least: so many rows must have passed since.

        Returns:
            None where the recent ones do not, or not for long enough.
        """
        if agree[-RECENT:].mean() < MOST:
            return None
        shares = np.convolve(agree, np.full(STRETCH, 1 / STRETCH), mode="valid")
        failing = np.flatnonzero(shares < HOLDS)
        first = failing[-1] + 1 if len(failing) else 0
        if len(agree) - first < min(least, len(agree)):
            return None
        return int(self.latest["iteration"][first + np.argmax(agree[first:])])
