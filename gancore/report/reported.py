"""Everything a report says about one run, read from its folder once."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gancore.anatomy import Network
from gancore.checkpoint import Gallery
from gancore.config import RUN_FIELDS, Length, RunConfig
from gancore.diagnosis import Finding, diagnose
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import Evaluation, stored_evaluations
from gancore.history import Columns
from gancore.i18n import _
from gancore.live_quality import Quality
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Recipe
from gancore.run import Run
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


@dataclass(frozen=True)
class Setting:
    """One setting of a run as a table shows it."""

    name: str
    title: str
    text: str


def settings_of(config: RunConfig) -> list[Setting]:
    """The preset, what every run has, and then the recipe's own settings, in the order of their declarations."""
    own = config.settings
    return [
        *(_setting(config, name) for name in ("preset", *RUN_FIELDS)),
        *(_setting(own, name) for name in type(own).model_fields),
    ]


def _setting(model: Any, name: str) -> Setting:
    return Setting(name, _(type(model).model_fields[name].title or name), value_text(getattr(model, name)))


def value_text(value: Any) -> str:
    """A setting's value as a person writes it."""
    match value:
        case None:
            return _("none")
        case bool():
            return _("yes") if value else _("no")
        case Length():
            return value.describe()
        case float():
            return f"{value:g}"
        case tuple() | list():
            return ", ".join(value_text(part) for part in value)
    return str(value)


def short_names(configs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Run id -> the least that tells it from the others: its preset, then what differs, at last its id."""
    parts = {
        run_id: (
            config.preset,
            Path(config.data).name,
            config.plan.describe(),
            _("seed {seed}", seed=config.seed),
            *(f"{setting.title.lower()} {setting.text}" for setting in settings_of(config)[len(RUN_FIELDS) + 1 :]),
        )
        for run_id, config in configs.items()
    }
    return {run_id: " · ".join(_telling(run_id, parts)) for run_id in parts}


def _telling(run_id: str, parts: Mapping[str, tuple[str, ...]]) -> list[str]:
    own = parts[run_id]
    rivals = [other for name, other in parts.items() if name != run_id and other[0] == own[0]]
    told = [own[0]]
    for index in range(1, len(own)):
        if any(other[index] != own[index] for other in rivals):
            told.append(own[index])
            rivals = [other for other in rivals if other[index] == own[index]]
    return [*told, run_id.removeprefix(f"{own[0]}-")] if rivals else told
