"""Runs that stand still until a test steps them, so that what it asks for comes at iterations of its choice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from gancore import trainer
from gancore.control import Control
from gancore.run import Run
from gancore.status import RunState


def standing_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run started from here on wait before its first iteration."""

    def paused() -> Control:
        control = Control()
        control.pause()
        return control

    monkeypatch.setattr(trainer, "Control", paused)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.002)


def step_to(run: Run, iteration: int) -> Run:
    """Train on to the end of an iteration and wait there."""
    until(lambda: run.status().state is not RunState.QUEUED)
    for _ in range(iteration - run.status().iteration):
        run.step()
    until(lambda: run.status().iteration == iteration and run.status().state is RunState.PAUSED)
    return run


def finish(run: Run, actions: Mapping[int, Callable[[Run], object]] | None = None) -> Run:
    """Train to the end, doing what is given after these iterations."""
    for iteration, action in (actions or {}).items():
        action(step_to(run, iteration))
    if run.is_mine:
        run.resume()
    assert run.wait(120), run.status()
    assert run.status().state in (RunState.FINISHED, RunState.STOPPED), run.status().message
    return run


def stop(run: Run) -> Run:
    """End it where it stands."""
    run.stop()
    assert run.wait(120), run.status()
    return run


def logged(run: Run) -> np.ndarray:
    """Everything logged but the clock: (iterations, columns)."""
    columns, _ = run.history().since()
    return np.column_stack([column for name, column in columns.items() if name != "elapsed_s"])
