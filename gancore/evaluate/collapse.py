"""Mode collapse and recovery, read from how many classes or modes a run covers over time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

LOST, REGAINED = 0.5, 0.8
"""Shares of the most covered so far: down to one it is a collapse, up to the other a recovery."""


@dataclass(frozen=True)
class Turn:
    """A collapse, or the recovery from one."""

    index: int
    """Of the measurement that shows it."""
    kind: Literal["collapse", "recovery"]


def turns(covered: Iterable[float]) -> list[Turn]:
    """Where a run collapses and where it recovers.

    A run collapses when it covers at most half of the most it has covered, of which there were two at least, and
    recovers when it is back at four fifths of that.

    Args:
        covered: classes or modes at each measurement, in order.
    """
    found: list[Turn] = []
    most, collapsed = 0.0, False
    for index, count in enumerate(covered):
        most = max(most, count)
        if not collapsed and most >= 2 and count <= LOST * most:
            collapsed = True
            found.append(Turn(index, "collapse"))
        elif collapsed and count >= REGAINED * most:
            collapsed = False
            found.append(Turn(index, "recovery"))
    return found
