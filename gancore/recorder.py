"""What a run says while it trains: its rows, its status, and when they go to disk.

Losses stay tensors until a flush, about ten times a second: reading one from a GPU after every iteration would make
it wait for the CPU.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from ignite.metrics import Average
from numpy.typing import NDArray
from torch import Tensor

from gancore.checkpoint import RunFolder
from gancore.history import HISTORY_FILE, POSITION, SIGNALS_FILE, History, HistoryWriter
from gancore.i18n import _
from gancore.recipes.recipe import Series
from gancore.schedule import Position, Schedule, whole_epochs
from gancore.signals import SIGNAL_NAMES
from gancore.status import RunState

FLUSH_S = 0.1
"""Seconds between flushes: a page that refreshes twice a second always finds new rows."""
SAVE_S = 1.0
"""Seconds between writes of status and history to disk."""
RATE_WINDOW_S = 5.0
"""Seconds over which iterations a second are counted."""


class Diverged(Exception):
    """A loss or weight is not finite; the message says which, and when."""


class Recorder:
    """The history and status of one run; filled by the training thread, read by any."""

    def __init__(self, folder: RunFolder, series: Sequence[Series]) -> None:
        self.history = History([*POSITION, *(item.name for item in series)])
        self.signals = History([*POSITION, *SIGNAL_NAMES])
        self.status = folder.read_status().saying("").model_copy(update={"state": RunState.QUEUED})
        self.position = Position()
        self.flushed_at = 0.0
        self._folder, self._series = folder, series
        self._pending: list[Position] = []
        self._outputs: list[dict[str, Tensor]] = []
        self._probed: list[tuple[int, Tensor]] = []
        self._rates: deque[tuple[float, int, float]] = deque()

    def begin(self, schedule: Schedule) -> None:
        """Start to record, from the position and history that the recorder has."""
        self._schedule = schedule
        self._epochs_done = whole_epochs(self.position)
        epochs = self.history.column("epoch")
        self._epoch_row = int(np.searchsorted(epochs, self._epochs_done + 1e-9, side="right"))
        self._writers = [
            HistoryWriter(self.history, self._folder.path / HISTORY_FILE),
            HistoryWriter(self.signals, self._folder.path / SIGNALS_FILE),
        ]
        self.flushed_at = self._saved_at = time.perf_counter()
        self.flush()

    def close(self) -> None:
        """Bring everything to disk."""
        for writer in self._writers:
            writer.close()

    def set(self, message: str | None = None, **changes: Any) -> None:
        """Change the status, in memory until the next save."""
        status = self.status if message is None else self.status.saying(message)
        self.status = status.model_copy(update=changes)

    def save_status(self) -> None:
        """Write the status to disk now."""
        self._folder.write_status(self.status)

    def add(self, position: Position, output: dict[str, Tensor], signals: Tensor | None = None) -> None:
        """Take note of one iteration, and of its signals where it was probed."""
        self.position = position
        if signals is not None:
            self._probed.append((len(self._pending), signals))
        self._pending.append(position)
        self._outputs.append(output)

    def flush(self, save: bool = False) -> None:
        """Move what was noted to the history, and to disk if ``save`` or a second has passed.

        Raises:
            Diverged: when a loss is not finite; the rows up to that one are kept.
        """
        self.flushed_at = time.perf_counter()
        diverged = self._move_rows() if self._pending else None
        self._update_progress()
        if save or diverged or self.flushed_at - self._saved_at >= SAVE_S:
            self._saved_at = self.flushed_at
            for writer in self._writers:
                writer.flush()
            self.save_status()
        if diverged:
            raise Diverged(diverged)

    def average_epoch(self) -> None:
        """Where an epoch has just ended, the mean of each number over it, as the script of seed 000 logs it.

        Raises:
            Diverged: as :meth:`flush`.
        """
        if (done := whole_epochs(self.position)) == self._epochs_done:
            return
        self.flush()
        names = [item.name for item in self._series]
        rows, self._epoch_row = self.history.since(self._epoch_row)
        self._epochs_done = done
        average = Average()
        average.update(torch.from_numpy(np.column_stack([rows[name] for name in names])))
        self.set(epoch_means={"epoch": done, **dict(zip(names, average.compute().tolist(), strict=True))})

    def forget_rate(self) -> None:
        """Count iterations a second anew, after a pause."""
        self._rates.clear()
        self.set(iterations_per_s=0.0)

    def _move_rows(self) -> str | None:
        names = [item.name for item in self._series]
        stacked = torch.stack([output[name] for output in self._outputs for name in names])
        values = np.array(stacked.tolist()).reshape(len(self._outputs), len(names))
        positions = np.array([[getattr(position, name) for name in POSITION] for position in self._pending])
        rows = np.column_stack([positions, values])
        problem = None
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            rows = rows[: row + 1]
            problem = _(
                "diverged at iteration {iteration}: {series:lower} is {value}",
                iteration=int(rows[-1, 0]),
                series=_(self._series[column].label),
                value=str(values[row, column]),
            )
        self.history.append(rows)
        self._move_signals(rows)
        self.position = self._pending[len(rows) - 1]
        self._pending.clear()
        self._outputs.clear()
        return problem

    def _move_signals(self, rows: NDArray[np.float64]) -> None:
        probed = [(row, signals) for row, signals in self._probed if row < len(rows)]
        self._probed.clear()
        if probed:
            values = torch.stack([signals for _, signals in probed]).tolist()
            self.signals.append(np.column_stack([rows[[row for row, _ in probed], : len(POSITION)], values]))

    def _update_progress(self) -> None:
        position, progress = self.position, self._schedule.progress(self.position)
        self._rates.append((position.elapsed_s, position.iteration, progress))
        while len(self._rates) > 2 and position.elapsed_s - self._rates[1][0] > RATE_WINDOW_S:
            self._rates.popleft()
        since_s, since_iteration, since_progress = self._rates[0]
        seconds, advanced = position.elapsed_s - since_s, progress - since_progress
        self.set(
            iteration=position.iteration,
            epoch=position.epoch,
            images_seen=position.images_seen,
            elapsed_s=position.elapsed_s,
            progress=progress,
            iterations_per_s=(position.iteration - since_iteration) / seconds if seconds > 0 else 0.0,
            eta_s=(1 - progress) * seconds / advanced if advanced > 0 else None,
        )
