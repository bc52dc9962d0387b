"""The numbers of a run that charts show: what each is called, and how it is to be drawn; pure, no Streamlit.

What recipes log of their own is found in their series, and signals in the engine's list: a new one appears by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dashboard.curves.routes import Source
from gancore.i18n import N_
from gancore.recipes import RECIPES
from gancore.signals import SIGNALS

Group = Literal["Losses", "Discriminator", "Gradients", "Updates", "Quality"]
GROUPS: dict[Group, str] = {
    "Losses": N_("What each player minimises. Losses of different kinds have different scales."),
    "Discriminator": N_("Who is in front: what D says, and how often it is right."),
    "Gradients": N_("How hard each player is pushed."),
    "Updates": N_("How far one step moves each player's weights."),
    "Quality": N_("What the samples are like, measured beside the training."),
}
"""Heading -> what it tells."""
TITLES: dict[Group, str] = {
    "Losses": N_("Losses"),
    "Discriminator": N_("Discriminator"),
    "Gradients": N_("Gradients"),
    "Updates": N_("Updates"),
    "Quality": N_("Quality"),
}
"""What a page calls each."""


@dataclass(frozen=True)
class Quantity:
    """One number over time."""

    column: str
    title: str
    """In English."""
    source: Source
    group: Group
    range: tuple[float, float] | None = None
    """Of the y axis; None follows the data."""
    log: Literal["never", "chosen", "always"] = "never"
    """When its axis is logarithmic."""
    help: str = ""


def _losses() -> Iterable[Quantity]:
    seen: set[str] = set()
    for recipe in RECIPES.values():
        for series in recipe.series:
            if series.name in seen or any(signal.name == series.name for signal in SIGNALS):
                continue
            seen.add(series.name)
            if series.kind == "probability":
                yield Quantity(series.name, series.label, "losses", "Discriminator", (0.0, 1.0))
            else:
                yield Quantity(series.name, series.label, "losses", "Losses", log="chosen")


def _signals() -> Iterable[Quantity]:
    groups: dict[str, Group] = {
        "gradient": "Gradients",
        "update": "Updates",
        "spread": "Quality",
        "outside": "Quality",
    }
    for signal in SIGNALS:
        low, high = signal.limits or (None, None)
        yield Quantity(
            signal.name,
            signal.label,
            "signals",
            groups.get(signal.name.rpartition("_")[2], "Discriminator"),
            None if low is None or high is None else (low, high),
            "always" if signal.log else "never",
            signal.help,
        )


QUALITY = (
    Quantity("frechet", N_("Fréchet distance"), "quality", "Quality", log="chosen"),
    Quantity("wasserstein", N_("Sliced Wasserstein distance"), "quality", "Quality", log="chosen"),
    Quantity("modes", N_("Classes or modes covered"), "quality", "Quality"),
    Quantity("confidence", N_("Mean confidence"), "quality", "Quality", (0.0, 1.0)),
    Quantity("high_quality", N_("Share of high quality"), "quality", "Quality", (0.0, 1.0)),
)
QUANTITIES: tuple[Quantity, ...] = (*_losses(), *_signals(), *QUALITY)
"""All of them, in the order a page shows them within their groups."""


def of_group(group: Group) -> list[Quantity]:
    """The quantities under one heading."""
    return [quantity for quantity in QUANTITIES if quantity.group == group]
