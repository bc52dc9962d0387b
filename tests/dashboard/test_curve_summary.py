"""Buckets of a log: exact where there is room, extremes kept where not, and only what is new when asked again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.curves.summary import BUCKETS, Buckets, Summary, bucket_size, summarise, window
from gancore.history import POSITION, History

NAN = float("nan")


def log(values: np.ndarray, history: History | None = None) -> History:
    """A history whose rows are numbered on, with ``values`` as its one column."""
    history = history or History([*POSITION, "loss"])
    iteration = len(history) + np.arange(1.0, len(values) + 1)
    history.append(np.column_stack([iteration, iteration / 10, iteration * 64, iteration / 50, values]))
    return history


def noise(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def test_a_short_log_is_itself() -> None:
    found = Summary().read(log(np.array([3.0, NAN, 5.0])), ["loss", "unknown", "epoch"])
    assert (found.rows, found.size, found.first) == (3, 1, 0)
    assert list(found.values) == ["loss"]
    for part in found.values["loss"]:
        np.testing.assert_array_equal(part, [3, NAN, 5])
    np.testing.assert_allclose(found.positions["epoch"], [0.1, 0.2, 0.3])


def test_by_hand() -> None:
    mean, low, high = summarise(np.array([1.0, 3.0, NAN, 7.0, np.inf, NAN, -2.0]), 2)
    np.testing.assert_array_equal(mean, [2, 7, NAN, -2])
    np.testing.assert_array_equal(low, [1, 7, NAN, -2])
    np.testing.assert_array_equal(high, [3, 7, NAN, -2])


@pytest.mark.parametrize("rows", [1, BUCKETS, BUCKETS + 1, 5 * BUCKETS, 1_000_000])
def test_there_are_never_too_many_nor_needlessly_few(rows: int) -> None:
    size = bucket_size(rows)
    assert -(-rows // size) <= BUCKETS
    assert size == 1 or -(-rows // (size // 2)) > BUCKETS


def test_a_spike_survives_in_a_million_rows() -> None:
    values = noise(1_000_000)
    values[123_456], values[654_321] = 99.0, -99.0
    found = Summary().read(log(values), ["loss"])
    assert (found.values["loss"][2].max(), found.values["loss"][1].min()) == (99.0, -99.0)
    assert found.positions["iteration"][-1] == 1_000_000


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=8), st.integers(0, 5))
@settings(deadline=None, max_examples=40)
def test_parts_joined_equal_the_whole(steps: list[int], seed: int) -> None:
    """A reader who merges and joins what it is given, as the board does, has what a new reader is given."""
    history, summary = History([*POSITION, "loss"]), Summary()
    held: list[np.ndarray] = [np.empty(0)] * 3
    have, size, token = 0, 1, -1
    for index, step in enumerate(steps):
        log(noise(step, seed + index), history)
        part = summary.read(history, ["loss"], token, have, size)
        while size < part.size:
            pairs = have // 2
            held = [
                merge(values[: 2 * pairs].reshape(-1, 2), axis=1)
                for merge, values in zip((np.mean, np.min, np.max), held, strict=True)
            ]
            have, size = pairs, 2 * size
        held = [np.concatenate([old[: part.first], new]) for old, new in zip(held, part.values["loss"], strict=True)]
        have, token = part.rows // part.size, summary.token
    whole = Summary().read(history, ["loss"])
    for mine, theirs in zip(held, whole.values["loss"], strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12)


def test_asked_again_only_what_is_new_is_sent() -> None:
    history, summary = log(noise(100_000)), Summary()
    first = summary.read(history, ["loss"])
    log(noise(50, 1), history)
    more = summary.read(history, ["loss"], summary.token, first.rows // first.size, first.size)
    assert len(first.values["loss"][0]) > 700
    assert 1 <= len(more.values["loss"][0]) <= 2
    np.testing.assert_allclose(more.values["loss"][0][-1], history.column("loss")[more.first * more.size :].mean())


def test_rows_that_were_computed_again_are_sent_again() -> None:
    history, summary = log(noise(500)), Summary()
    before = summary.read(history, ["loss"])
    token = summary.token
    history.keep_until(300)
    iteration = np.arange(301.0, 601)
    history.append(np.column_stack([iteration, iteration, iteration, iteration / 7, noise(300, 9)]))
    again = summary.read(history, ["loss"], token, before.rows, 1)
    assert summary.token != token
    assert again.first == 0
    np.testing.assert_array_equal(again.values["loss"][0], history.column("loss"))


def test_a_window_has_more_points_of_its_part() -> None:
    history = log(noise(1_000_000))
    part: Buckets = window(history, ["loss"], 500_000, 500_400)
    assert part.size == 1
    assert part.positions["iteration"][0] <= 500_000
    assert part.positions["iteration"][-1] >= 500_400
    np.testing.assert_array_equal(part.values["loss"][0], history.column("loss")[499_998:500_401])
    assert window(history, ["loss"], -5, 2e6).rows == 1_000_000
