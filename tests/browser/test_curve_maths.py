"""What a board of curves computes, against numbers worked out by hand; in a browser, but without a server."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

MATHS = Path(__file__).resolve().parents[2] / "dashboard" / "curves" / "maths.js"


def tensorboard(values: list[float], weight: float) -> list[float]:
    """Its scalar charts' smoothing: a moving average from 0, divided by what it would make of a constant 1."""
    last, found = 0.0, []
    for count, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        found.append(last / (1 - weight**count))
    return found


@pytest.fixture
def maths(page: Page) -> Callable[..., Any]:
    """A function that evaluates an expression of maths.js; its arguments are `a`."""
    page.add_script_tag(path=MATHS)
    return lambda expression, *arguments: page.evaluate(f"a => {expression}", list(arguments))


def test_smoothing_by_hand(maths: Callable[..., Any]) -> None:
    values = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0]
    found = maths("smooth([1, 2, 3, 4, 5, 6], a[0], a[1], 1)", values, 0.9)
    np.testing.assert_allclose(found, tensorboard(values, 0.9))
    assert maths("smooth([1, 2], [5, 6], 0, 1)") == [5, 6]
    assert maths("smooth([1, 3, 4, 9], [10, 10, 10, 10], 0.6, 1)") == [10, 10, 10, 10], "without rounding"
    # A point four steps on keeps the past four times.
    assert maths("smooth([0, 4], [1, 0], 0.5, 1)") == pytest.approx([1, 0.0625 / 1.0625])
    # So does one behind a gap: what was known two steps before is a quarter of itself.
    gap = maths("smooth([1, 2, 3], [2, NaN, 4], 0.5, 1)")
    assert (gap[0], math.isnan(gap[1]), gap[2]) == (2, True, pytest.approx((1 / 4 + 3) / (0.5 / 4 + 3 / 4)))


def test_pairs_of_buckets_are_merged(maths: Callable[..., Any]) -> None:
    merged = maths(
        """(() => {
            const log = { whole: 5, size: 2, x: { iteration: [2, 4, 6, 8, 10] },
                y: { loss: [[1, 3, NaN, 5, 9], [0, 2, NaN, 4, 9], [2, 8, NaN, 6, 9]] } };
            mergePairs(log);
            return log;
        })()"""
    )
    assert merged == {
        "whole": 2,
        "size": 4,
        "x": {"iteration": [4, 8]},
        "y": {"loss": [[2, 5], [0, 4], [8, 6]]},
    }


def test_values_between_points_and_bands_of_lines(maths: Callable[..., Any]) -> None:
    places = maths("[0.5, 1, 1.5, 3, 4, 4.1].map(place => interpolate([1, 2, 4], [10, 20, 0], place))")
    assert [None if math.isnan(y) else y for y in places] == [None, 10, 15, 10, 0, None]
    band = maths("bandOf([{ x: [0, 4], y: [0, 4] }, { x: [2, 4], y: [6, 4] }], 4)")
    assert band == {"x": [0, 1, 2, 3, 4], "mean": [0, 1, 4, 4, 4], "low": [0, 1, 2, 3, 4], "high": [0, 1, 6, 5, 4]}
    assert maths("bandOf([{ x: [], y: [] }])")["x"] == []
    assert maths("[spacing([1, 3, 7]), spacing([1]), lowerBound([1, 3, 3, 7], 3), lowerBound([1], 2)]") == [
        3,
        math.inf,
        1,
        1,
    ]


def test_outliers_are_the_outermost_hundredths(maths: Callable[..., Any]) -> None:
    assert maths("withoutOutliers(a[0])", [*range(1, 100), 1e9, -1e9]) == pytest.approx([1 - 4.9, 99 + 4.9])
    assert maths("withoutOutliers([2, 2])") == [1, 3]
    assert maths("withoutOutliers([NaN, 1])") is None
