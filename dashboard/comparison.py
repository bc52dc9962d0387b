"""Runs held against one another: names, curves, and tables of what differs; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from dashboard.charts import HALF, last_values
from dashboard.curves import Fork, Line, Panel, RunLabel
from dashboard.quantities import QUANTITIES, Group, Quantity
from dashboard.run_colors import Look
from gancore.config import RunConfig
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import stored_evaluation, variant_of
from gancore.i18n import N_, _
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.run_words import settings_of, short_names
from gancore.status import Status

NO_VALUE = "—"
UNBOUNDED = N_("a critic's scores have no bounds: not on the scale of a discriminator's losses")
COLUMNS = (
    N_("Run"),
    N_("State"),
    N_("Iteration"),
    N_("Epoch"),
    N_("Images seen"),
    N_("it/s"),
    N_("Elapsed"),
    N_("Fréchet distance, evaluated"),
)
"""Of the table of results, besides the quantities."""
_MOST_LEVELS, _RECENT = 3, 100


@dataclass(frozen=True)
class Compared:
    """One run of a comparison as it stands now."""

    run: Run
    name: str
    look: Look
    config: RunConfig
    status: Status

    @classmethod
    def read(cls, run: Run, name: str, look: Look) -> Compared:
        """Raises CheckpointError when the run's files are gone or damaged."""
        return cls(run, name, look, run.config, run.status())

    @property
    def id(self) -> str:
        """The run's own name."""
        return self.run.id

    def logs(self, quantity: Quantity) -> bool:
        """Whether the run had this number when it was first asked about one."""
        return quantity in self.logged

    @cached_property
    def logged(self) -> frozenset[Quantity]:
        """The numbers that the run has; read once, as every control on the page asks for them."""
        series = {series.name for series in recipe_of(self.config.preset).series}
        signals, quality = self.run.signals(), self.run.quality()
        # Some have no value on some data: points have no range to be out of.
        recent, _ = signals.since(max(0, len(signals) - _RECENT))
        names = {
            "losses": series,
            "signals": {name for name, values in recent.items() if np.isfinite(values).any()},
            "quality": set(quality.history.names) if quality is not None else set(),
        }
        return frozenset(quantity for quantity in QUANTITIES if quantity.column in names[quantity.source])


def logged(runs: Iterable[Compared]) -> set[tuple[str, Quantity]]:
    """Which numbers there are of which run."""
    return {(run.id, quantity) for run in runs for quantity in run.logged}


def labels(runs: Iterable[Compared]) -> list[RunLabel]:
    """The legend of a comparison."""
    return [RunLabel(run.id, run.name, run.look.color, run.look.dash) for run in runs]


def panels(runs: Sequence[Compared], groups: Collection[Group]) -> list[Panel]:
    """A chart for each number of these groups that a run has, with a line for each that has it."""
    found = []
    families = family_names(runs)
    for quantity in (each for each in QUANTITIES if each.group in groups):
        having = [run for run in runs if run.logs(quantity)]
        if not having:
            continue
        found.append(
            Panel(
                key=quantity.column,
                title=_(quantity.title),
                lines=tuple(_line(run, quantity, families[run.id]) for run in having),
                range=quantity.range,
                levels=_levels(having, quantity),
                log=quantity.log,
                note=scale_note(quantity, runs),
            )
        )
    return found


def _line(run: Compared, quantity: Quantity, family: str) -> Line:
    return Line(run.id, quantity.column, run.name, run.look.color, quantity.source, run.look.dash, family)


def family_names(runs: Iterable[Compared]) -> dict[str, str]:
    """Run id -> what it and those that differ from it by seed alone are called together."""
    variants = {run.id: variant_of(run.config) for run in runs}
    names = short_names({variants[run.id]: run.config.model_copy(update={"seed": 0}) for run in runs})
    return {run_id: names[variant] for run_id, variant in variants.items()}


def _levels(runs: Iterable[Compared], quantity: Quantity) -> tuple[tuple[float, str], ...]:
    """What theory gives; where the runs' losses have more different values than can be read, nothing."""
    if quantity.column in ("d_real", "d_fake", "d_accuracy"):
        return HALF
    known = (recipe_of(run.config.preset).levels(run.config.settings).get(quantity.column) for run in runs)
    levels = sorted({(level.value, _(level.label)) for level in known if level is not None})
    return tuple(levels) if len(levels) <= _MOST_LEVELS and quantity.source == "losses" else ()


def scale_note(quantity: Quantity, runs: Iterable[Compared]) -> str:
    """What to know before reading a chart: a critic's losses are not on a discriminator's scale."""
    logged = {series.name for run in runs for series in recipe_of(run.config.preset).series}
    mixed = {"discriminator_loss", "critic_loss"} <= logged
    return _(UNBOUNDED) if quantity.column == "critic_loss" or (quantity.column == "generator_loss" and mixed) else ""


def forks(runs: Iterable[Compared]) -> list[Fork]:
    """Where runs branched off others."""
    parents = ((run.id, run.run.parent()) for run in runs)
    return [Fork(run_id, parent.run, parent.iteration) for run_id, parent in parents if parent is not None]


def seed_groups(runs: Iterable[Compared]) -> list[list[str]]:
    """Ids of the runs that differ by seed alone, where there are two or more of a kind."""
    groups: dict[str, list[str]] = {}
    for run in runs:
        groups.setdefault(variant_of(run.config), []).append(run.id)
    return [group for group in groups.values() if len(group) > 1]


def differing_settings(configs: Mapping[str, RunConfig]) -> pd.DataFrame:
    """The settings that are not the same in all runs, as text: one row each, one column a run.

    Args:
        configs: by the name that heads a run's column.
    """
    titles: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    for name, config in configs.items():
        for setting in settings_of(config):
            titles.setdefault(setting.name, setting.title)
            values.setdefault(setting.name, {})[name] = setting.text
    rows = {key: [found.get(name, NO_VALUE) for name in configs] for key, found in values.items()}
    differing = {key: row for key, row in rows.items() if len(set(row)) > 1}
    index = pd.Index([titles[key] for key in differing], name="Setting")
    return pd.DataFrame(list(differing.values()), index=index, columns=list(configs), dtype="str")


def results(runs: Sequence[Compared]) -> pd.DataFrame:
    """How each run stands: position, speed, the mean of its last losses, and what was measured of its samples.

    Columns that none of the runs has are left out; :func:`column_title` is what a page calls each.
    """
    frame = pd.DataFrame(
        {
            "State": [run.status.state.words for run in runs],
            "Iteration": [run.status.iteration for run in runs],
            "Epoch": [run.status.epoch for run in runs],
            "Images seen": [run.status.images_seen for run in runs],
            "it/s": [_iterations_per_s(run.status) for run in runs],
        },
        index=pd.Index([run.name for run in runs], name="Run"),
    )
    frame["Elapsed"] = pd.to_timedelta([round(run.status.elapsed_s) for run in runs], unit="s").to_numpy()
    for quantity in QUANTITIES:
        is_loss = quantity.group == "Losses" and quantity.column.endswith("_loss")
        if is_loss and any(run.logs(quantity) for run in runs):
            frame[quantity.title] = [_last(run, quantity) for run in runs]
        elif quantity.source == "quality" and any(run.logs(quantity) for run in runs):
            frame[f"{quantity.title}, live"] = [_last(run, quantity) for run in runs]
    measured = [_evaluated(run.run) for run in runs]
    if any(value is not None for value in measured):
        frame["Fréchet distance, evaluated"] = measured
    return frame


def column_title(name: str) -> str:
    """What a page calls a column of :func:`results`."""
    if quantity := name.removesuffix(", live") if name.endswith(", live") else "":
        return _("{quantity}, live", quantity=_(quantity))
    return _(name)


def _last(run: Compared, quantity: Quantity) -> float | None:
    if not run.logs(quantity):
        return None
    if quantity.source == "losses":
        return last_values(run.run.history(), [quantity.column]).get(quantity.column)
    quality = run.run.quality()
    return None if quality is None else last_values(quality.history, [quantity.column], 1).get(quantity.column)


def _evaluated(run: Run) -> float | None:
    try:
        found = stored_evaluation(run)
    except GanCoreError:  # a damaged file is the Ranking page's to tell
        return None
    number = None if found is None else found.measurement("frechet")
    return None if number is None else number.value


def _iterations_per_s(status: Status) -> float | None:
    """The present speed of a run that trains, the mean of one that does not."""
    if status.iterations_per_s:
        return status.iterations_per_s
    return status.iteration / status.elapsed_s if status.elapsed_s else None
