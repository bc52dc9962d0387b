"""A run's history -> traces of the live chart; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.live_chart import Marker, Trace
from dashboard.palette import OTHER_COLORS, QUALITY_COLORS, SERIES_COLORS
from gancore.checkpoint import Gallery
from gancore.evaluate.collapse import turns
from gancore.history import History
from gancore.live_quality import Quality
from gancore.recipes.recipe import Series

X_AXES = {
    "iteration": "Iteration",
    "epoch": "Epoch",
    "images_seen": "Images seen",
    "elapsed_s": "Seconds",
}
"""History column -> axis title."""


def run_traces(history: History, series: Sequence[Series], x_axis: str) -> list[Trace]:
    """Every series of one run: losses in panel 0, probabilities in panel 1."""
    columns, _ = history.since()
    others = iter(OTHER_COLORS * len(series))
    return [
        Trace(
            name=item.label,
            x=columns[x_axis],
            y=columns[item.name],
            color=SERIES_COLORS.get(item.name) or next(others),
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


QUALITY_NAMES = {
    "frechet": "Fréchet distance",
    "wasserstein": "Sliced Wasserstein distance",
    "confidence": "Mean confidence",
    "high_quality": "High quality",
    "modes": "Covered",
}


def quality_traces(quality: Quality, x_axis: str) -> list[Trace]:
    """Distances in panel 0; shares, and modes or classes as the share that is covered, in panel 1."""
    columns, _ = quality.history.since()
    traces = []
    for name, title in QUALITY_NAMES.items():
        if name in columns:
            values = columns[name] / quality.facts.classes if name == "modes" else columns[name]
            panel = 0 if name in ("frechet", "wasserstein") else 1
            traces.append(Trace(title, columns[x_axis], values, QUALITY_COLORS[name], panel))
    return traces


def quality_titles(quality: Quality) -> list[str]:
    """The panels that :func:`quality_traces` fills."""
    shares = {"modes", "confidence", "high_quality"} & set(quality.history.names)
    return ["Distance", "Share"] if shares else ["Distance"]


def turn_markers(quality: Quality, x_axis: str) -> list[Marker]:
    """A marker where classes or modes collapse, and where they recover."""
    if "modes" not in quality.history.names:
        return []
    places = quality.history.column(x_axis)
    return [Marker(float(places[turn.index]), turn.kind) for turn in turns(quality.history.column("modes"))]


def last_values(history: History, names: Sequence[str], window: int = 50) -> dict[str, float]:
    """Mean of each column over the last rows; empty before there are any."""
    if not len(history):
        return {}
    columns, _ = history.since(max(0, len(history) - window))
    return {name: float(np.nanmean(columns[name])) for name in names}
