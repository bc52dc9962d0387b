"""What the charts of runs show: panels and markers for a board of curves; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from dashboard.curves import Line, Marker, Panel
from dashboard.palette import OTHER_COLORS, SERIES_COLORS
from dashboard.quantities import GROUPS, Group, Quantity, of_group
from gancore.checkpoint import Gallery
from gancore.config import RunConfig
from gancore.evaluate.collapse import turns
from gancore.history import POSITION, History
from gancore.i18n import N_, _
from gancore.live_quality import Quality
from gancore.recipes import recipe_of
from gancore.steering import Change, player_updates

FIRST_GROUPS: tuple[Group, ...] = ("Losses", "Discriminator", "Quality")
"""Shown until somebody chooses."""
HALF = ((0.5, "1/2"),)
"""A discriminator that guesses."""
_TITLES: dict[Group, str] = {
    "Losses": N_("Loss"),
    "Discriminator": N_("Probability"),
    "Gradients": N_("Length of gradients"),
    "Updates": N_("Update, of weights"),
    "Quality": N_("Variety and range of samples"),
}
_TURNS = {"collapse": N_("collapse"), "recovery": N_("recovery")}


def run_panels(
    run_id: str, config: RunConfig, groups: Iterable[Group], quality: Quality | None, to_come: Collection[str] = ()
) -> list[Panel]:
    """The charts of one run: each group's numbers over one another, quality apart.

    Args:
        quality: what has been measured so far, if anything.
        to_come: numbers of quality that have their charts before there are any.
    """
    recipe = recipe_of(config.preset)
    measured = to_come if quality is None else quality.history.names
    logged = {series.name for series in recipe.series}
    panels = []
    for group in (group for group in GROUPS if group in groups):
        found = [each for each in of_group(group) if _is_logged(each, logged, measured)]
        if group == "Quality":
            panels += [_quality_panel(run_id, each, quality) for each in found if each.source == "quality"]
            found = [each for each in found if each.source == "signals"]
        # Scores have no bounds; beside probabilities they would flatten them.
        bounded = [quantity for quantity in found if group != "Discriminator" or quantity.range]
        levels = recipe.levels(config.settings) if group == "Losses" else {}
        panels.append(
            Panel(
                key=group.lower(),
                title=_(_TITLES[group]),
                lines=_lines(run_id, bounded),
                range=(0.0, 1.0) if group == "Discriminator" else None,
                levels=HALF
                if group == "Discriminator"
                else tuple({(at.value, _(at.label)) for at in levels.values()}),
                log=bounded[0].log if bounded else "never",
                height=220 if group == "Losses" else 160,
                wide=group == "Losses",
            )
        )
    # A chart without a neighbour takes the row.
    alone = sum(not panel.wide for panel in panels) % 2
    return [*panels[:-1], replace(panels[-1], wide=True)] if alone else panels


def _is_logged(quantity: Quantity, logged: Collection[str], measured: Collection[str]) -> bool:
    if quantity.source == "losses":
        return quantity.column in logged
    return quantity.source == "signals" or quantity.column in measured


def _lines(run_id: str, quantities: Sequence[Quantity]) -> tuple[Line, ...]:
    others = iter(OTHER_COLORS * len(quantities))
    return tuple(
        Line(run_id, each.column, _(each.title), SERIES_COLORS.get(each.column) or next(others), each.source)
        for each in quantities
    )


def _quality_panel(run_id: str, quantity: Quantity, quality: Quality | None) -> Panel:
    classes = quality.facts.classes if quality else 0
    return Panel(
        key=quantity.column,
        title=_(quantity.title),
        lines=_lines(run_id, [quantity]),
        range=(0.0, float(classes)) if quantity.column == "modes" and classes else quantity.range,
        log=quantity.log,
        height=150,
    )


def run_markers(
    config: RunConfig, galleries: Sequence[Gallery], changes: Sequence[Change], quality: Quality | None
) -> list[Marker]:
    """What happened to a run: its milestones but the first, what was changed by hand, collapse and recovery."""

    def marker(label: str, *place: float) -> Marker:
        at = dict(zip(POSITION, map(float, place), strict=True))
        generator, critic = player_updates([at["iteration"]], config, changes)
        return Marker({**at, "generator_updates": float(generator[0]), "critic_updates": float(critic[0])}, label)

    def of(moment: Gallery | Change, label: str) -> Marker:
        return marker(label, *(getattr(moment, name) for name in POSITION))

    found = [of(gallery, f"{gallery.percent} %") for gallery in galleries if gallery.percent]
    found += [of(change, change.words) for change in changes]
    if quality is not None and "modes" in quality.history.names:
        rows = quality.history.since()[0]
        found += [
            marker(_(_TURNS[turn.kind]), *(rows[name][turn.index] for name in POSITION))
            for turn in turns(rows["modes"])
        ]
    return found


def last_values(history: History, names: Sequence[str], window: int = 50) -> dict[str, float]:
    """Mean of each column over the last rows; empty before there are any."""
    if not len(history):
        return {}
    columns, _ = history.since(max(0, len(history) - window))
    return {name: float(np.nanmean(columns[name])) for name in names}
