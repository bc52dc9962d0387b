"""The append-only log of a run: one row an iteration, in memory and as an Arrow IPC stream on disk.

Readers ask :meth:`History.since` with a cursor. A queue would be destructive: two pages would steal each other's
rows. Runs that train here, finished runs and runs of another process read alike.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gancore.errors import CheckpointError
from gancore.files import write_aside

Columns = dict[str, NDArray[np.float64]]
POSITION = ("iteration", "epoch", "images_seen", "elapsed_s")
"""Columns every history starts with; ``epoch`` counts passes through the data and may be fractional."""
HISTORY_FILE, SIGNALS_FILE = "history.arrow", "signals.arrow"
"""Names in a run's folder: the losses, a row an iteration, and the signals, a row a probed iteration."""


class History:
    """Rows of named float64 numbers; safe to append to in one thread and to read in others.

    What is read is a view that cannot be written to, never a copy: rows do not change once they are there.
    """

    def __init__(self, names: Sequence[str], stored: pa.Table | None = None) -> None:
        """Args:
        names: of the columns.
        stored: rows of a file, which stay there until some are appended.
        """
        self.names = tuple(names)
        self._stored = stored
        self._columns = {name: np.empty(0) for name in self.names}
        self._count = 0 if stored is None else stored.num_rows
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def append(self, rows: NDArray[np.float64]) -> None:
        """Add (n, len(names)) rows."""
        with self._lock:
            needed, capacity = self._count + len(rows), len(self._columns[self.names[0]])
            if self._stored is not None or needed > capacity:
                kept = self._view(0)
                self._stored = None
                for name, values in kept.items():
                    self._columns[name] = np.empty(max(needed, 2 * capacity, 1024))
                    self._columns[name][: self._count] = values
            for index, name in enumerate(self.names):
                self._columns[name][self._count : needed] = rows[:, index]
            self._count = needed

    def since(self, cursor: int = 0) -> tuple[Columns, int]:
        """The rows from ``cursor`` on, by column, and the cursor to ask with next time."""
        with self._lock:
            return self._view(cursor), self._count

    def column(self, name: str) -> NDArray[np.float64]:
        """One column, all rows."""
        with self._lock:
            return self._view(0, [name])[name]

    def keep_until(self, iteration: int) -> None:
        """Drop the rows after ``iteration``: a run resumed from a checkpoint computes them again."""
        with self._lock:
            iterations = self._view(0, ["iteration"])["iteration"]
            count = int(np.searchsorted(iterations, iteration, side="right"))
            if count == self._count:
                return
            # Copies, so that what was read before keeps the rows that will be overwritten.
            kept = {name: values[:count].copy() for name, values in self._view(0).items()}
            self._columns, self._stored, self._count = kept, None, count

    def batch(self, start: int = 0) -> pa.RecordBatch:
        """The rows from ``start`` on as an Arrow record batch."""
        columns, _ = self.since(start)
        return pa.record_batch([pa.array(columns[name]) for name in self.names], schema=self.schema)

    @property
    def schema(self) -> pa.Schema:
        """float64 columns in order."""
        return pa.schema([(name, pa.float64()) for name in self.names])

    def _view(self, start: int, names: Sequence[str] | None = None) -> Columns:
        found = {}
        for name in self.names if names is None else names:
            if self._stored is None:
                values = self._columns[name][start : self._count]
            else:
                chunks = self._stored[name].slice(start)
                values = chunks.chunk(0).to_numpy() if chunks.num_chunks == 1 else chunks.to_numpy()
            values.flags.writeable = False
            found[name] = values
        return found


class HistoryWriter:
    """Appends a history's new rows to a file, and rewrites it as one batch when it is closed."""

    def __init__(self, history: History, path: Path) -> None:
        """Start the file with the rows that ``history`` already has."""
        self._history, self._path = history, path
        self._written = 0
        self._compact()
        # An Arrow stream without its end mark can be appended to and read: readers stop at what is whole.
        self._file = path.open("ab")

    def flush(self) -> None:
        """Append what has come since."""
        batch = self._history.batch(self._written)
        if batch.num_rows:
            self._file.write(batch.serialize())
            self._file.flush()
            self._written += batch.num_rows

    def close(self) -> None:
        """Write all rows as one batch, which reads faster than thousands."""
        self._file.close()
        self._compact()

    def _compact(self) -> None:
        self._written = write_history(self._history, self._path)


def write_history(history: History, path: Path) -> int:
    """Write a history as one batch, and return how many rows it had then."""
    batch = history.batch()
    parts = [history.schema.serialize().to_pybytes()]
    if batch.num_rows:
        parts.append(batch.serialize().to_pybytes())
    write_aside(path, b"".join(parts))
    return int(batch.num_rows)


def read_history(path: Path) -> History:
    """Read a history file, also one that is being written or was cut off by a kill.

    The rows stay in the file, from where the system fetches what is looked at: a million rows take no memory here.

    Raises:
        CheckpointError: when the file is missing or does not start as a history.
    """
    try:
        # Windows does not let a file be replaced while it is mapped, and every run's file is in the end.
        source = pa.py_buffer(path.read_bytes()) if os.name == "nt" else pa.memory_map(str(path))
        reader = pa.ipc.open_stream(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise CheckpointError(f"{path} cannot be read as a history: {error}") from error
    batches: list[pa.RecordBatch] = []
    while True:
        try:
            batches.append(reader.read_next_batch())
        except (StopIteration, pa.ArrowInvalid, OSError):
            return History(reader.schema.names, pa.Table.from_batches(batches, reader.schema))
