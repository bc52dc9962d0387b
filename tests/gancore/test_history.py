"""The log: cursors, growth, threads, and files that were cut off."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gancore.errors import CheckpointError
from gancore.history import History, HistoryFile, HistoryWriter, read_history

NAMES = ("iteration", "loss")


def rows(start: int, count: int) -> np.ndarray:
    iterations = np.arange(start, start + count, dtype=float)
    return np.column_stack([iterations, iterations / 7])


def test_every_reader_has_a_cursor_of_its_own() -> None:
    history = History(NAMES)
    history.append(rows(1, 3))
    first, cursor = history.since()
    assert first["iteration"].tolist() == [1, 2, 3]
    history.append(rows(4, 2))
    assert history.since(cursor)[0]["iteration"].tolist() == [4, 5]
    assert history.since()[0]["iteration"].tolist() == [1, 2, 3, 4, 5]
    assert history.since(5) == ({"iteration": pytest.approx([]), "loss": pytest.approx([])}, 5)


def test_what_was_read_does_not_change_later() -> None:
    history = History(NAMES)
    history.append(rows(1, 2))
    read, _ = history.since()
    history.keep_until(0)
    history.append(rows(7, 2))
    assert read["iteration"].tolist() == [1, 2]


def test_threads_read_whole_rows_while_one_writes() -> None:
    history, wrong = History(NAMES), []

    def read() -> None:
        cursor, expected = 0, 1
        while cursor < 20_000:
            columns, cursor = history.since(cursor)
            iterations = columns["iteration"]
            if not np.array_equal(iterations, np.arange(expected, expected + len(iterations))):
                wrong.append(iterations)
            if not np.array_equal(columns["loss"], iterations / 7):
                wrong.append(columns["loss"])
            expected += len(iterations)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(1, 20_001, 10):
        history.append(rows(start, 10))
    for reader in readers:
        reader.join(30)
    assert wrong == []
    assert len(history) == 20_000


def test_keep_until_drops_what_is_computed_again() -> None:
    history = History(NAMES)
    history.append(rows(1, 10))
    history.keep_until(6)
    assert history.column("iteration").tolist() == [1, 2, 3, 4, 5, 6]
    history.keep_until(100)
    assert len(history) == 6


def written(path: Path) -> History:
    history = History(NAMES)
    writer = HistoryWriter(history, path)
    for start in (1, 4, 11):
        history.append(rows(start, 3 if start == 1 else 7))
        writer.flush()
    return history


def test_a_growing_file_reads_like_the_memory(tmp_path: Path) -> None:
    history = written(tmp_path / "h.arrow")
    assert np.array_equal(read_history(tmp_path / "h.arrow").column("loss"), history.column("loss"))


def test_a_file_cut_anywhere_reads_up_to_its_last_whole_batch(tmp_path: Path) -> None:
    path = tmp_path / "h.arrow"
    written(path)
    whole = path.read_bytes()
    lengths = set()
    for size in range(len(whole), 0, -7):
        path.write_bytes(whole[:size])
        try:
            found = read_history(path)
        except CheckpointError:
            assert size < 400, "only a cut within the header is an error"
            continue
        assert found.column("iteration").tolist() == list(range(1, len(found) + 1))
        lengths.add(len(found))
    assert lengths == {0, 3, 10, 17}


def test_closing_leaves_one_batch_and_other_programs_can_read_it(tmp_path: Path) -> None:
    path, history = tmp_path / "h.arrow", History(NAMES)
    writer = HistoryWriter(history, path)
    for start in range(1, 50):
        history.append(rows(start, 1))
        writer.flush()
    writer.close()
    with pa.OSFile(str(path)) as file:
        batches = list(pa.ipc.open_stream(file))
    assert [batch.num_rows for batch in batches] == [49]


def test_a_resumed_writer_keeps_the_rows_before(tmp_path: Path) -> None:
    path = tmp_path / "h.arrow"
    written(path)
    history = read_history(path)
    history.keep_until(5)
    writer = HistoryWriter(history, path)
    history.append(rows(6, 2))
    writer.flush()
    assert read_history(path).column("iteration").tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_no_history_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"missing\.arrow cannot be read as a history"):
        read_history(tmp_path / "missing.arrow")
    (tmp_path / "text.arrow").write_text("iteration,loss")
    with pytest.raises(CheckpointError, match=r"text\.arrow cannot be read as a history"):
        read_history(tmp_path / "text.arrow")


def test_of_a_file_that_grows_only_what_is_new_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, history = tmp_path / "h.arrow", History(NAMES)
    history.append(rows(1, 1000))
    writer, file = HistoryWriter(history, path), HistoryFile(path)
    taken = []
    read = pa.ipc.read_record_batch

    def counted(message: pa.Message, schema: pa.Schema) -> pa.RecordBatch:
        taken.append(read(message, schema))
        return taken[-1]

    monkeypatch.setattr("gancore.history.pa.ipc.read_record_batch", counted)
    for start in range(1001, 1300, 3):
        history.append(rows(start, 3))
        writer.flush()
        found = file.read()
        assert found is file.read()
        assert np.array_equal(found.column("loss"), history.column("loss"))
    assert sum(batch.num_rows for batch in taken) == len(history)
    assert found.at(np.array([0, 999, 1000, 1299]), ["iteration"])["iteration"].tolist() == [1, 1000, 1001, 1300]
    assert len(found._stored["loss"].chunks) < 12


def test_a_file_that_was_replaced_or_is_half_written_is_read_rightly(tmp_path: Path) -> None:
    path = tmp_path / "h.arrow"
    written(path)
    file = HistoryFile(path)
    assert len(file.read()) == 17
    history = read_history(path)
    history.keep_until(5)
    writer = HistoryWriter(history, path)
    assert len(file.read()) == 5
    history.append(rows(6, 4))
    writer.flush()
    grown = path.read_bytes()
    with path.open("r+b") as stored:
        stored.truncate(len(grown) - 9)
    assert len(file.read()) == 5
    with path.open("ab") as stored:
        stored.write(grown[-9:])
    assert file.read().column("iteration").tolist() == list(range(1, 10))
    file.let_go()
    assert file.read().column("iteration").tolist() == list(range(1, 10))
