"""Charts of experiments, in the colours of all other charts.

Plotly copies what it is given; a translated message is handed over as the plain text that it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.palette import DATA_COLOR
from dashboard.quality import SYMBOLS

HEIGHT = 300
MOST_LABELS = 6
"""On a logarithmic axis, about."""


@dataclass(frozen=True)
class Curve:
    """One line, or points where ``points`` is true."""

    name: str
    x: Any
    y: Any
    color: str
    dash: str = "solid"
    points: bool = False


def curves(
    lines: Sequence[Curve], x_title: str, y_title: str, *, levels: Sequence[tuple[float, str]] = (), log: str = ""
) -> go.Figure:
    """Lines over one another.

    Args:
        levels: values that theory names, and what it calls them.
        log: the logarithmic axes, such as ``xy``.
    """
    figure = go.Figure()
    for line in lines:
        figure.add_scatter(
            x=line.x,
            y=line.y,
            name=str(line.name),
            mode="markers" if line.points else "lines",
            line={"color": line.color, "dash": line.dash, "width": 2},
            marker={"color": line.color, "size": 10, "symbol": SYMBOLS[line.dash]},
        )
    for value, name in levels:
        figure.add_hline(y=value, line={"color": DATA_COLOR, "width": 1, "dash": "dash"})
        # A place on a logarithmic axis is told in powers of ten, other than a line's.
        place = math.log10(value) if "y" in log else value
        figure.add_annotation(
            text=str(name), font_size=11, showarrow=False,
            x=1, xref="paper", xanchor="right", y=place, yanchor="bottom",
        )  # fmt: skip
    axis = {"automargin": True, "fixedrange": True, "zeroline": False, "exponentformat": "power"}
    figure.update_xaxes(**axis, title=str(x_title), **_scale([line.x for line in lines], logarithmic="x" in log))
    figure.update_yaxes(**axis, title=str(y_title), **_scale([line.y for line in lines], logarithmic="y" in log))
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure


def _scale(values: Sequence[Any], *, logarithmic: bool) -> dict[str, Any]:
    """Settings of an axis; a logarithmic one of some decades is labelled at powers of ten alone."""
    if not logarithmic:
        return {"type": "linear"}
    every = np.concatenate([np.asarray(each, dtype=float) for each in values])
    every = every[np.isfinite(every) & (every > 0)]
    decades = math.log10(every.max() / every.min()) if len(every) else 0.0
    return {"type": "log"} | ({"dtick": math.ceil(decades / MOST_LABELS)} if decades > 1 else {})


def bars(names: Sequence[str], groups: Sequence[tuple[str, Sequence[float], str]], y_title: str) -> go.Figure:
    """A bar for each name and group.

    Args:
        groups: (legend, values, colour).
    """
    figure = go.Figure()
    for legend, values, color in groups:
        figure.add_bar(x=list(map(str, names)), y=list(values), name=str(legend), marker_color=color)
    axis = {"automargin": True, "fixedrange": True, "zeroline": False}
    figure.update_xaxes(**axis, type="category")
    figure.update_yaxes(**axis, title=str(y_title))
    figure.update_layout(
        height=HEIGHT,
        barmode="group",
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        showlegend=len(groups) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure
