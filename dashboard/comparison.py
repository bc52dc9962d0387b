"""Runs held against one another: names, colours, curves, and tables of what differs; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dashboard.charts import last_values
from dashboard.live_chart import Trace
from dashboard.palette import RUN_COLORS
from dashboard.run_facts import settings_of
from gancore.checkpoint import Gallery
from gancore.config import RunConfig
from gancore.history import History
from gancore.run import Run
from gancore.schedule import MILESTONES
from gancore.status import Status

MOST_RUNS = len(RUN_COLORS)
"""Runs in one comparison: as many as there are colours to tell them apart by."""
NO_VALUE = "—"
UNBOUNDED = "A critic's scores have no bounds: losses against one are on another scale than those of a discriminator."


@dataclass(frozen=True)
class Quantity:
    """A number that runs are compared by: a column of their histories."""

    column: str
    title: str
    limits: tuple[float, float] | None = None
    """Of the y axis; None follows the data."""


GENERATOR = Quantity("generator_loss", "Generator loss")
DISCRIMINATOR = Quantity("discriminator_loss", "Discriminator loss")
CRITIC = Quantity("critic_loss", "Critic loss")
QUANTITIES = (
    GENERATOR,
    DISCRIMINATOR,
    CRITIC,
    Quantity("d_real", "D(x), real", (0.0, 1.0)),
    Quantity("d_fake", "D(G(z)), fake", (0.0, 1.0)),
)
"""In the order a page shows them. A critic's loss is one of its own, as its scale is."""


@dataclass(frozen=True)
class Compared:
    """One run of a comparison as it stands now."""

    id: str
    name: str
    color: str
    config: RunConfig
    status: Status
    history: History
    galleries: Sequence[Gallery]

    @classmethod
    def read(cls, run: Run, name: str, color: str) -> Compared:
        """Raises CheckpointError when the run's files are gone or damaged."""
        return cls(run.id, name, color, run.config, run.status(), run.history(), run.galleries())


def short_names(configs: Mapping[str, RunConfig]) -> dict[str, str]:
    """Run id -> the least that tells it from the others: its preset, then data, length and seed, at last its id."""
    parts = {
        run_id: (config.preset, Path(config.data).name, config.plan.describe(), f"seed {config.seed}")
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


def assign_colors(chosen: Sequence[str], before: Mapping[str, str]) -> dict[str, str]:
    """Run id -> colour; those that had one keep it when others come and go.

    Args:
        chosen: at most :data:`MOST_RUNS` ids.
        before: what this function returned for the choice before.
    """
    kept = {run_id: before[run_id] for run_id in chosen if run_id in before}
    free = iter([color for color in RUN_COLORS if color not in kept.values()])
    return {run_id: kept.get(run_id) or next(free) for run_id in chosen}


def quantities(runs: Iterable[Compared]) -> list[Quantity]:
    """What at least one of the runs logs."""
    logged = {name for run in runs for name in run.history.names}
    return [quantity for quantity in QUANTITIES if quantity.column in logged]


def traces(runs: Iterable[Compared], quantity: Quantity, x_axis: str) -> list[Trace]:
    """One line for each run that logs the quantity.

    Args:
        x_axis: a column of the history, one of :data:`dashboard.charts.X_AXES`.
    """
    lines = []
    for run in runs:
        if quantity.column in run.history.names:
            columns, _ = run.history.since()
            lines.append(Trace(run.name, columns[x_axis], columns[quantity.column], run.color, legend_group=run.id))
    return lines


def scale_note(quantity: Quantity, runs: Sequence[Compared]) -> str:
    """What to know before reading a chart: a critic's losses are not on a discriminator's scale."""
    logged = {name for run in runs for name in run.history.names}
    mixed = {DISCRIMINATOR.column, CRITIC.column} <= logged
    return UNBOUNDED if quantity == CRITIC or (quantity == GENERATOR and mixed) else ""


def milestone(galleries: Sequence[Gallery], percent: int) -> Gallery | None:
    """The gallery at ``percent`` of the plan; None where there is none yet."""
    return next((gallery for gallery in reversed(galleries) if gallery.percent == percent), None)


def latest_shared(runs: Iterable[Compared]) -> int:
    """The last milestone that every run has reached, 0 before there is one."""
    reached = [{gallery.percent for gallery in run.galleries} for run in runs]
    return max((percent for percent in MILESTONES if all(percent in have for have in reached)), default=0)


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


def standing(runs: Sequence[Compared]) -> pd.DataFrame:
    """How each run stands: position, speed and the mean of its last losses; columns that none has are left out."""
    losses = [quantity for quantity in quantities(runs) if quantity.limits is None]
    table: dict[str, list[object]] = {
        "State": [str(run.status.state) for run in runs],
        "Iteration": [run.status.iteration for run in runs],
        "Epoch": [run.status.epoch for run in runs],
        "it/s": [_iterations_per_s(run.status) for run in runs],
    }
    frame = pd.DataFrame(table, index=pd.Index([run.name for run in runs], name="Run"))
    frame["Elapsed"] = pd.to_timedelta([round(run.status.elapsed_s) for run in runs], unit="s").to_numpy()
    for quantity in losses:
        frame[quantity.title] = [_last(run.history, quantity.column) for run in runs]
    return frame


def _last(history: History, column: str) -> float | None:
    return last_values(history, [column]).get(column) if column in history.names else None


def _iterations_per_s(status: Status) -> float | None:
    """The present speed of a run that trains, the mean of one that does not."""
    if status.iterations_per_s:
        return status.iterations_per_s
    return status.iteration / status.elapsed_s if status.elapsed_s else None
