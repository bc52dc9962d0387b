"""How long live and waiting runs will take, from what they say of themselves and from runs that have finished."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gancore.config import RunConfig, Unit
from gancore.status import RunState, Status


@dataclass(frozen=True)
class Entry:
    """A run as the outlook sees it."""

    run_id: str
    config: RunConfig
    status: Status


@dataclass(frozen=True)
class Outlook:
    """What is to come."""

    left_s: dict[str, float | None]
    """Run -> seconds of training left, its wait not counted; None where that is not known."""
    all_left_s: float | None
    """Seconds until the last of them ends; None where a run's time is not known."""
    done: float
    """Share of all that is done, 0 to 1: of the time where all times are known, else the mean of the runs' shares."""


def outlook(runs: Sequence[Entry], finished: Iterable[Entry], at_once: int) -> Outlook:
    """What is to come of these runs.

    A live run's time is what it estimates itself. A waiting one's is its plan where that is a time, else what
    finished runs of the same preset, data and batch size took for as many iterations, images or epochs, the
    middle one of them. Pauses and waits of slow motion cannot be foreseen.

    Args:
        runs: live and waiting ones, the latter in the order they will start; ended ones have nothing left and count
            as done.
        finished: runs to learn from.
        at_once: how many may train at a time.
    """
    past = list(finished)
    left = {run.run_id: _left_s(run, past) for run in runs}
    known = {name: seconds for name, seconds in left.items() if seconds is not None}
    if len(known) == len(left):
        trained = sum(run.status.elapsed_s for run in runs)
        total = trained + sum(known.values())
        done = trained / total if total else 1.0
        return Outlook(left, _last_end_s(runs, known, at_once), done)
    shares = [1.0 if not run.status.state.is_live else run.status.progress for run in runs]
    return Outlook(left, None, statistics.fmean(shares))


def _left_s(run: Entry, past: Sequence[Entry]) -> float | None:
    status, plan = run.status, run.config.plan
    if not status.state.is_live:
        return 0.0
    if plan.unit == "s":
        return max(0.0, plan.amount - status.elapsed_s)
    if status.eta_s is not None:
        return status.eta_s
    alike = [
        other.status
        for other in past
        if _kind(other.config) == _kind(run.config) and _trained(other.status, plan.unit) > 0
    ]
    if not alike:
        return None
    pace = statistics.median(other.elapsed_s / _trained(other, plan.unit) for other in alike)
    return max(0.0, plan.amount - _trained(status, plan.unit)) * pace


def _kind(config: RunConfig) -> tuple[str, str, int]:
    return config.preset, config.data, config.settings.batch_size


def _trained(status: Status, unit: Unit) -> float:
    return {"it": status.iteration, "img": status.images_seen, "ep": status.epoch, "s": status.elapsed_s}[unit]


def _last_end_s(runs: Sequence[Entry], left: dict[str, float], at_once: int) -> float:
    """When the last run ends, if each waiting one starts as soon as there is room."""
    waits = [left[run.run_id] for run in runs if run.status.state is RunState.QUEUED]
    ends = [left[run.run_id] for run in runs if run.status.state in (RunState.RUNNING, RunState.PAUSED)]
    heapq.heapify(ends)
    last = max(ends, default=0.0)
    for seconds in waits:
        start = 0.0
        while len(ends) >= max(1, at_once):
            start = heapq.heappop(ends)
        heapq.heappush(ends, start + seconds)
        last = max(last, start + seconds)
    return last
