"""The append-only log of a run: one row an iteration, in memory and as an Arrow IPC stream on disk.

Readers ask :meth:`History.since` with a cursor. A queue would be destructive: two pages would steal each other's
rows. Runs that train here, finished runs and runs of another process read alike.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gancore.errors import CheckpointError
from gancore.files import write_aside
from gancore.i18n import _

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

    def since(self, cursor: int = 0, names: Sequence[str] | None = None) -> tuple[Columns, int]:
        """The rows from ``cursor`` on, by column, and the cursor to ask with next time.

        Args:
            names: of the columns; None: all.
        """
        with self._lock:
            return self._view(cursor, names), self._count

    def at(self, places: NDArray[np.int64], names: Sequence[str]) -> Columns:
        """Single rows, by column.

        Args:
            places: numbers of the rows, the first is 0.
        """
        with self._lock:
            if self._stored is None:
                return {name: self._columns[name][places] for name in names}
            found = {name: np.empty(len(places)) for name in names}
            starts = np.cumsum([0, *(len(chunk) for chunk in self._stored[0].chunks)])
            piece = np.searchsorted(starts, places, side="right") - 1
            for index in np.unique(piece):
                inside = piece == index
                for name, values in found.items():
                    values[inside] = self._stored[name].chunk(index).to_numpy()[places[inside] - starts[index]]
            return found

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
        return _schema(self.names)

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


def write_small_history(history: History, path: Path, rows: int) -> None:
    """Write a history to be shipped: at most so many of its rows, evenly spread and the last among them, as float32.

    Readers get float64 again; an iteration below 16 million is the same number.
    """
    columns, count = history.since()
    kept = np.unique(np.linspace(count - 1, 0, min(rows, count)).round().astype(np.int64))
    schema = pa.schema([(name, pa.float32()) for name in history.names])
    batch = pa.record_batch([pa.array(columns[name][kept], pa.float32()) for name in history.names], schema=schema)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_batch(batch)
    write_aside(path, sink.getvalue().to_pybytes())


def write_history(history: History, path: Path) -> int:
    """Write a history as one batch, and return how many rows it had then."""
    batch = history.batch()
    parts = [history.schema.serialize().to_pybytes()]
    if batch.num_rows:
        parts.append(batch.serialize().to_pybytes())
    write_aside(path, b"".join(parts))
    return int(batch.num_rows)


def _schema(names: Sequence[str]) -> pa.Schema:
    return pa.schema([(name, pa.float64()) for name in names])


def read_history(path: Path) -> History:
    """Read a history file, also one that is being written or was cut off by a kill.

    The rows stay in the file, from where the system fetches what is looked at: a million rows take no memory here.

    Raises:
        CheckpointError: when the file is missing or does not start as a history.
    """
    return HistoryFile(path).read()


class HistoryFile:
    """A history file that is read again and again while another process appends to it; safe to read in any thread.

    Of a file that has grown only what has come since is read; one that was replaced is read anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._version: tuple[int, int, int] | None = None
        self._mapped: mmap.mmap | None = None
        self._schema = pa.schema([])
        self._batches: list[pa.RecordBatch] = []
        self._end = 0
        self._history = History(())

    def read(self) -> History:
        """All rows that are there now; the same object while there are no others.

        Raises:
            CheckpointError: when the file is missing or does not start as a history.
        """
        with self._lock:
            try:
                stat = self.path.stat()
                version = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                if version == self._version:
                    return self._history
                # While it is mapped, its number is no other file's.
                grew = self._version is not None and stat.st_ino == self._version[0] and stat.st_size >= self._end
                if not grew:
                    self._begin()
                elif stat.st_size > self._end:
                    with self.path.open("rb") as file:
                        file.seek(self._end)
                        self._take(pa.py_buffer(file.read()))
            except (OSError, ValueError, EOFError) as error:
                raise CheckpointError(
                    _("{file} cannot be read as a history: {reason}", file=self.path, reason=error)
                ) from error
            self._batches = _joined(self._batches)
            table = pa.Table.from_batches(self._batches, self._schema)
            # Shipped histories are in half the bits.
            self._history = History(self._schema.names, table.cast(_schema(self._schema.names)))
            self._version = version
            return self._history

    def let_go(self) -> None:
        """Give back the memory of what was looked at; the system fetches it again when it is needed."""
        with self._lock:
            if self._mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
                self._mapped.madvise(mmap.MADV_DONTNEED)

    def _begin(self) -> None:
        with self.path.open("rb") as file:
            # Windows does not let a file be replaced while it is mapped, and every run's file is in the end.
            self._mapped = None if os.name == "nt" else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            source = pa.py_buffer(file.read() if self._mapped is None else self._mapped)
        reader = pa.BufferReader(source)
        self._schema = pa.ipc.read_schema(reader)
        self._batches, self._end = [], reader.tell()
        self._take(source.slice(self._end))

    def _take(self, source: Any) -> None:
        """Add the whole batches of a part of the file that starts where the last one ended."""
        reader, whole = pa.BufferReader(source), 0
        while True:
            try:
                self._batches.append(pa.ipc.read_record_batch(pa.ipc.read_message(reader), self._schema))
            except (EOFError, OSError, pa.ArrowInvalid):  # the end, or one that is still being written
                break
            whole = reader.tell()
        self._end += whole


def _joined(batches: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """The same rows in few batches, each with more than the one after it: thousands of small ones read slowly."""
    groups: list[tuple[int, list[pa.RecordBatch]]] = []
    for batch in batches:
        rows, group = batch.num_rows, [batch]
        while groups and groups[-1][0] <= rows:
            before, members = groups.pop()
            rows, group = before + rows, members + group
        groups.append((rows, group))
    return [
        group[0] if len(group) == 1 else pa.Table.from_batches(group).combine_chunks().to_batches()[0]
        for _, group in groups
    ]
