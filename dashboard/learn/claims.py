"""A claim of the documents or of a paper, and the experiment that shows it or refutes it; pure, no Streamlit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import plotly.graph_objects as go

from gancore.config import RunConfig
from gancore.errors import GanCoreError
from gancore.i18n import N_
from gancore.run import Run
from gancore.status import RunState

Verdict = Literal["shows", "refutes", "depends", "open"]
VERDICTS: dict[Verdict, str] = {
    "shows": N_("The claim holds here"),
    "refutes": N_("The claim does not hold here"),
    "depends": N_("Half right"),
    "open": N_("Not decided"),
}
"""What a card says of each."""


@dataclass(frozen=True)
class Finding:
    """What came of an experiment, worked out from its numbers."""

    verdict: Verdict
    text: str
    """The numbers in a sentence or two, in the language in force."""
    figure: go.Figure | None = None


@dataclass(frozen=True)
class Computed:
    """An experiment that takes seconds and trains no run."""

    compute: Callable[[], Any]
    """Gives numbers alone, so that they can be kept and be told in any language."""
    read: Callable[[Any], Finding]


@dataclass(frozen=True)
class Trained:
    """An experiment of runs, which are trained once and found again by their configurations."""

    configs: Callable[[], tuple[RunConfig, ...]]
    read: Callable[[Sequence[Run]], Finding]
    """Of the ended runs, in the order of ``configs``."""
    about_s: int
    """Seconds that all of them take on two cores, about."""


@dataclass(frozen=True)
class Claim:
    """One claim; the texts are English, marked for translation."""

    name: str
    """In the page's address, and of its widgets."""
    topic: str
    source: str
    text: str
    """What is claimed, as the source means it."""
    look: str
    """What the experiment does, and what to look at."""
    experiment: Computed | Trained


def find_runs(configs: Sequence[RunConfig], known: Sequence[Run]) -> list[Run | None]:
    """For each configuration a run of just it: one that ended by itself before one that trains; None where none is.

    Runs that were steered by hand, branched off, stopped, failed or damaged are not of the experiment.

    Args:
        known: newest first.
    """
    ended = (RunState.FINISHED, RunState.DIVERGED)
    found: list[Run | None] = []
    for config in configs:
        same = [(run, state) for run in known if (state := _state_of(run, config)) is not None]
        done = next((run for run, state in same if state in ended), None)
        found.append(done or next((run for run, state in same if state.is_live), None))
    return found


def _state_of(run: Run, config: RunConfig) -> RunState | None:
    """Of a run of just this configuration that nobody changed; None of any other, and where its files are damaged."""
    with contextlib.suppress(GanCoreError):
        if run.config == config and run.parent() is None and not run.changes():
            return run.status().state
    return None


def has_ended(run: Run | None) -> bool:
    """Whether a run's numbers are all there."""
    return run is not None and not run.status().state.is_live
