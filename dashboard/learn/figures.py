"""Charts of experiments, in the colours of all other charts.

Plotly copies what it is given; a translated message is handed over as the plain text that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.palette import DATA_COLOR
from dashboard.quality import SYMBOLS

HEIGHT = 300


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
        figure.add_hline(
            y=value,
            line={"color": DATA_COLOR, "width": 1, "dash": "dash"},
            annotation={"text": str(name), "font_size": 11},
        )
    axis = {"automargin": True, "fixedrange": True, "zeroline": False, "exponentformat": "power"}
    figure.update_xaxes(**axis, title=str(x_title), type="log" if "x" in log else "linear")
    figure.update_yaxes(**axis, title=str(y_title), type="log" if "y" in log else "linear")
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )
    return figure


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
