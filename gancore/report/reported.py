"""Everything a report says about one run, read from its folder once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gancore.anatomy import Network
from gancore.checkpoint import Gallery
from gancore.config import RunConfig
from gancore.diagnosis import Finding, diagnose
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import Evaluation, stored_evaluations
from gancore.history import Columns
from gancore.live_quality import Quality
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Recipe
from gancore.run import Run
from gancore.run_words import short_names
from gancore.sampling import placed_milestones
from gancore.status import Parent, Resolved, Status
from gancore.steering import Change
from gancore.structure import structure

COLORS = ("#006cb4", "#c08400", "#a878fc", "#3c9cb4", "#9c18fc", "#a83c78", "#f05484", "#606c00")
"""The dashboard's, in its order (dashboard/palette.py says how they were chosen)."""
DASHES = ("solid", "dash", "dot", "dashdot")
SHARES = (0, 25, 50, 75, 100)
"""Percentages of the plan that a report shows the samples of."""


@dataclass(frozen=True)
class Look:
    """How a run's lines are drawn."""

    color: str
    """``#rrggbb``."""
    dash: str
    """One of :data:`DASHES`."""


@dataclass(frozen=True)
class Reported:
    """One run of a report."""

    run: Run
    name: str
    """What the report calls it."""
    look: Look
    config: RunConfig
    recipe: Recipe
    status: Status
    rows: Columns
    """Its history; empty columns before its first iteration."""
    quality: Quality | None
    resolved: Resolved | None
    findings: tuple[Finding, ...]
    evaluation: Evaluation | None
    """Of the latest milestone that was measured."""
    galleries: tuple[tuple[int, Gallery], ...]
    """Percentage -> gallery: those of :data:`SHARES` that there are, else where it ended."""
    networks: tuple[Network, Network] | None
    changes: tuple[Change, ...]
    parent: Parent | None

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return self.run.folder.path


def read(run: Run, name: str, look: Look) -> Reported:
    """Read what a report says about a run.

    Raises:
        CheckpointError: when its files are gone or damaged.
    """
    config, status, history, quality = run.config, run.status(), run.history(), run.quality()
    rows, _count = history.since()
    networks = None
    with contextlib.suppress(GanCoreError):  # one that has not started has no networks yet
        networks = structure(run)
    evaluations = stored_evaluations(run)
    return Reported(
        run=run,
        name=name,
        look=look,
        config=config,
        recipe=recipe_of(config.preset),
        status=status,
        rows=rows,
        quality=quality,
        resolved=run.folder.read_resolved(),
        findings=diagnose(history, run.signals(), quality, status, config),
        evaluation=evaluations[-1] if evaluations else None,
        galleries=tuple(_shown(run)),
        networks=networks,
        changes=tuple(run.changes()),
        parent=run.parent(),
    )


def read_all(
    runs: Sequence[Run], names: Mapping[str, str] | None = None, looks: Mapping[str, Look] | None = None
) -> list[Reported]:
    """Read several runs, in this order.

    Args:
        names: by run id; None: the least that tells each from the others.
        looks: by run id; None: a colour each in turn.
    """
    known = names or short_names({run.id: run.config for run in runs})
    return [read(run, known[run.id], (looks or {}).get(run.id) or _look(place)) for place, run in enumerate(runs)]


def _look(place: int) -> Look:
    return Look(COLORS[place % len(COLORS)], DASHES[place // len(COLORS) % len(DASHES)])


def _shown(run: Run) -> list[tuple[int, Gallery]]:
    found = {round(milestone.percent): milestone.gallery for milestone in placed_milestones(run)}
    last = max(found, default=0)
    return [(share, found[share]) for share in sorted(found) if share in SHARES or share == last]
