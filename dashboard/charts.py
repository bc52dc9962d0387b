"""A run's history -> traces of the live chart; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.live_chart import Marker, Trace
from gancore.checkpoint import Gallery
from gancore.history import History
from gancore.recipes.recipe import Series

X_AXES = {
    "iteration": "Iteration",
    "epoch": "Epoch",
    "images_seen": "Images seen",
    "elapsed_s": "Seconds",
}
"""History column -> axis title."""

GENERATOR_COLOR, DISCRIMINATOR_COLOR = "#0d9488", "#6366f1"
COLORS = {
    "generator_loss": GENERATOR_COLOR,
    "discriminator_loss": DISCRIMINATOR_COLOR,
    "critic_loss": DISCRIMINATOR_COLOR,
    "fake_loss": "#d97706",
    "real_loss": "#0284c7",
    "d_real": "#0284c7",
    "d_fake": "#d97706",
}
OTHER_COLORS = ("#be185d", "#65a30d", "#7c3aed", "#b45309")
RUN_COLORS = ("#6366f1", "#0d9488", "#d97706", "#be185d", "#0284c7", "#65a30d", "#7c3aed", "#dc2626")
"""One for each run in a comparison, in order."""


def run_traces(history: History, series: Sequence[Series], x_axis: str) -> list[Trace]:
    """Every series of one run: losses in panel 0, probabilities in panel 1."""
    columns, _ = history.since()
    others = iter(OTHER_COLORS * len(series))
    return [
        Trace(
            name=item.label,
            x=columns[x_axis],
            y=columns[item.name],
            color=COLORS.get(item.name) or next(others),
            panel=1 if item.kind == "probability" else 0,
        )
        for item in series
    ]


def panel_titles(series: Sequence[Series]) -> list[str]:
    """``Loss``, and ``Probability`` where the recipe has some."""
    return ["Loss", "Probability"] if any(item.kind == "probability" for item in series) else ["Loss"]


def milestone_markers(galleries: Sequence[Gallery], x_axis: str) -> list[Marker]:
    """A marker at each milestone but the first, which is the axis itself."""
    return [
        Marker(float(getattr(gallery, x_axis)), f"{gallery.percent} %")
        for gallery in galleries
        if gallery.percent and gallery.weights
    ]


def last_values(history: History, names: Sequence[str], window: int = 50) -> dict[str, float]:
    """Mean of each column over the last rows; empty before there are any."""
    if not len(history):
        return {}
    columns, _ = history.since(max(0, len(history) - window))
    return {name: float(np.nanmean(columns[name])) for name in names}
