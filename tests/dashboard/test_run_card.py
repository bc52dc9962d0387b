"""What a run's card says of its progress."""

from __future__ import annotations

import pytest

from dashboard.run_card import duration, progress_text
from gancore.status import RunState, Status


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (187, "3:07"), (7380, "2 h 03 min")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("state", "left", "ending"),
    [
        (RunState.RUNNING, 11.2, "11 s left"),
        (RunState.PAUSED, None, "45 s so far"),
        (RunState.FINISHED, None, "took 45 s"),
    ],
)
def test_time_is_left_so_far_or_taken(state: RunState, left: float | None, ending: str) -> None:
    status = Status(
        state=state, progress=0.754, iteration=1352, epoch=0.754, eta_s=left, elapsed_s=45.0, created_at=0.0
    )
    assert progress_text(status, "3 epochs") == f"75 % of 3 epochs · iteration 1,352 · epoch 0.75 · {ending}"
