"""A log of any length as at most 1,024 buckets of rows, kept up to date as it grows; pure, no Streamlit here.

A bucket holds 2^k rows, and k grows by one whenever there would be too many, so that a reader who has the buckets
before needs only those that have come since. Each tells the mean, the lowest and the highest value: no spike is lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gancore.history import POSITION, History

Floats = NDArray[np.float64]
BUCKETS = 1024


@dataclass(frozen=True)
class Buckets:
    """Some consecutive buckets of a log."""

    rows: int
    """In the whole log."""
    size: int
    """Rows in a bucket; the last one may have fewer."""
    first: int
    """Number of the first bucket."""
    positions: dict[str, Floats]
    """Where each bucket ends, by the names of :data:`gancore.history.POSITION`."""
    values: dict[str, tuple[Floats, Floats, Floats]]
    """Column -> mean, lowest, highest; nan where no value of a bucket is finite."""


def bucket_size(rows: int) -> int:
    """The smallest power of two that makes no more than :data:`BUCKETS` of so many rows."""
    size = 1
    while -(-rows // size) > BUCKETS:
        size *= 2
    return size


def summarise(values: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Mean, lowest and highest finite value of every ``size`` values in turn, the last ones perhaps fewer."""
    known = np.where(np.isfinite(values), values, np.nan)
    whole = len(known) // size * size
    blocks = [known[:whole].reshape(-1, size), *([known[None, whole:]] if whole < len(known) else [])]
    low, high = (np.concatenate([part.reduce(block, axis=1) for block in blocks]) for part in (np.fmin, np.fmax))
    counts = np.concatenate([np.isfinite(block).sum(axis=1) for block in blocks])
    sums = np.concatenate([np.nansum(block, axis=1) for block in blocks])
    with np.errstate(invalid="ignore"):
        return sums / counts, low, high


def window(history: History, columns: Iterable[str], low: float, high: float) -> Buckets:
    """The rows of the iterations from ``low`` to ``high``, and one beside each end, as buckets."""
    places = history.column("iteration")
    start = max(0, int(np.searchsorted(places, low)) - 1)
    stop = min(len(places), int(np.searchsorted(places, high, side="right")) + 1)
    size = bucket_size(stop - start)
    rows, _ = history.since(start)
    ends = _ends(stop - start, size)
    return Buckets(
        rows=stop - start,
        size=size,
        first=0,
        positions={name: rows[name][: stop - start][ends] for name in POSITION},
        values={name: summarise(rows[name][: stop - start], size) for name in columns if name in rows},
    )


@dataclass
class _Column:
    """The whole buckets of one column."""

    size: int = 1
    mean: Floats = field(default_factory=lambda: np.empty(0))
    low: Floats = field(default_factory=lambda: np.empty(0))
    high: Floats = field(default_factory=lambda: np.empty(0))

    def widen(self, size: int) -> None:
        """Merge pairs until a bucket has ``size`` rows; a bucket without its partner is computed again."""
        while self.size < size:
            pairs = len(self.mean) // 2
            parts = [values[: 2 * pairs].reshape(-1, 2) for values in (self.mean, self.low, self.high)]
            known = np.isfinite(parts[0])
            with np.errstate(invalid="ignore"):
                self.mean = np.nansum(parts[0], axis=1) / known.sum(axis=1)
            self.low, self.high = np.fmin.reduce(parts[1], axis=1), np.fmax.reduce(parts[2], axis=1)
            self.size *= 2

    def extend(self, parts: tuple[Floats, Floats, Floats]) -> None:
        self.mean, self.low, self.high = (
            np.concatenate([old, new]) for old, new in zip((self.mean, self.low, self.high), parts, strict=True)
        )


class Summary:
    """The buckets of one log; asked again, it reads only the rows that have come since."""

    def __init__(self) -> None:
        self.token = secrets.randbits(31)
        """Another number whenever earlier rows were replaced, as when a run resumed from a checkpoint before them."""
        self._columns: dict[str, _Column] = {}
        self._last: tuple[int, list[float]] = (0, [])

    def read(
        self, history: History, columns: Iterable[str], token: int = -1, have: int = 0, size: int = 1
    ) -> Buckets:
        """The buckets that a reader lacks, or all of them.

        Args:
            history: the log; later calls give the same one, or one that begins with the same rows.
            columns: those that the log does not have are left out.
            token: the one that went with what the reader has.
            have: whole buckets it has.
            size: rows in each of those.
        """
        rows = len(history)
        self._note_replaced(history, rows)
        now = bucket_size(rows)
        first = have * size // now if token == self.token and size <= now else 0
        values = {}
        for name in columns:
            if name in history.names and name not in POSITION:
                values[name] = self._column(history, name, rows, now, first)
        return Buckets(rows, now, first, history.at(_ends(rows, now)[first:], POSITION), values)

    def _column(self, history: History, name: str, rows: int, size: int, first: int) -> tuple[Floats, Floats, Floats]:
        kept = self._columns.setdefault(name, _Column())
        kept.widen(size)
        begun = len(kept.mean) * size
        fresh = history.since(begun, [name])[0][name][: rows - begun]
        parts = summarise(fresh, size)
        whole = len(fresh) // size
        kept.extend((parts[0][:whole], parts[1][:whole], parts[2][:whole]))
        rest = (parts[0][whole:], parts[1][whole:], parts[2][whole:])
        mean, low, high = (
            np.concatenate([old, new])[first:]
            for old, new in zip((kept.mean, kept.low, kept.high), rest, strict=True)
        )
        return mean, low, high

    def _note_replaced(self, history: History, rows: int) -> None:
        seen, place = self._last
        if seen and (rows < seen or _place(history, seen - 1) != place):
            self.token += 1
            self._columns.clear()
        if rows:
            self._last = (rows, _place(history, rows - 1))


def _place(history: History, row: int) -> list[float]:
    """What tells a row from one that was computed again."""
    found = history.at(np.array([row]), ("iteration", "elapsed_s"))
    return [float(values[0]) for values in found.values()]


def _ends(rows: int, size: int) -> NDArray[np.int64]:
    """Number of each bucket's last row."""
    ends: NDArray[np.int64] = np.minimum(np.arange(size, rows + size, size), rows) - 1
    return ends
