"""Boards of line charts that grow in place while runs train.

`store.js` fetches what has come since from `routes.py`, which reads it out of the buckets of `summary.py`; `maths.js`
smooths and joins it, `lines.js` and `drawing.js` make of it what Plotly draws, and `board.js` keeps one Plotly graph
alive for each chart. So the numbers do not pass through Streamlit, and a refresh reruns nothing and sends little.
`st.plotly_chart` builds a new graph at every refresh and so loses zoom and hidden lines; it stays right for charts
that do not move.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dashboard.components import component
from dashboard.curves.routes import Source
from dashboard.curves.vendor import PLOTLY_JS
from dashboard.language import words_of
from gancore.i18n import N_, _

__all__ = ["X_AXES", "Fork", "Line", "Marker", "Panel", "RunLabel", "board_data", "curve_board"]

X_AXES = {
    "iteration": N_("Iteration"),
    "epoch": N_("Epoch"),
    "images_seen": N_("Images seen"),
    "generator_updates": N_("Generator updates"),
    "critic_updates": N_("Critic updates"),
    "elapsed_s": N_("Seconds"),
}
"""What a board's x axis can count -> its title."""

_SCRIPTS = ("maths.js", "store.js", "elements.js", "lines.js", "drawing.js", "downloads.js", "board.js")
_component = component("ganscope_curve_board", Path(__file__).parent, *_SCRIPTS, "board.css")


@dataclass(frozen=True)
class Line:
    """A column of a run's log."""

    run: str
    column: str
    name: str
    """Legend text; two lines of one panel and run must differ in it."""
    color: str
    """CSS hex colour, readable on a light and a dark page."""
    source: Source = "losses"
    dash: str = "solid"
    """solid, dash, dot or dashdot."""
    family: str = ""
    """What runs that differ by seed alone are called together."""


@dataclass(frozen=True)
class Panel:
    """One chart."""

    key: str
    title: str
    lines: tuple[Line, ...]
    range: tuple[float, float] | None = None
    """Of the y axis; None follows the data."""
    levels: tuple[tuple[float, str], ...] = ()
    """Values that theory names, and what it calls them: horizontal dashed lines."""
    log: Literal["never", "chosen", "always"] = "chosen"
    """When its axis is logarithmic: where the reader chose that, always, or never."""
    note: str = ""
    """What to know before reading it, beside the title."""
    height: int = 240
    """Of the plot, in pixels; does not change with what is in it."""
    wide: bool = False
    """Across all columns of the board."""


@dataclass(frozen=True)
class RunLabel:
    """An entry of the one legend of all charts."""

    id: str
    name: str
    color: str
    dash: str = "solid"


@dataclass(frozen=True)
class Marker:
    """A vertical dotted line with a small label, e.g. "25 %" where a gallery was drawn."""

    at: Mapping[str, float]
    """Its place on each of :data:`X_AXES`."""
    label: str
    color: str = ""


@dataclass(frozen=True)
class Fork:
    """A run that began as a copy of another: its line leaves the other's there."""

    run: str
    parent: str
    iteration: int


def curve_board(panels: Sequence[Panel], *, key: str, **options: Any) -> None:
    """Draw charts that keep the reader's zoom, hidden lines and place from one refresh to the next.

    Args:
        panels: the charts, in order.
        key: identifies the board; the same key is the same graphs, another key starts afresh.
        options: those of :func:`board_data`.
    """
    _component(key=key, data=board_data(panels, key=key, **options))


def board_data(
    panels: Sequence[Panel],
    *,
    key: str,
    x_axis: str = "iteration",
    smoothing: float = 0.0,
    log_y: bool = False,
    clip: bool = False,
    baseline: str = "",
    runs: Sequence[RunLabel] = (),
    bands: Sequence[Sequence[str]] = (),
    forks: Sequence[Fork] = (),
    markers: Sequence[Marker] = (),
    live: bool = False,
    columns: int = 1,
    framed: bool = False,
    label: str = "",
) -> dict[str, Any]:
    """What `board.js` draws from, as JSON-safe values.

    Args:
        x_axis: one of :data:`X_AXES`.
        smoothing: weight of an exponential moving average in [0, 1); above 0 the raw line stays, faint.
        log_y: logarithmic y axes, where a panel has no range and no baseline is set.
        clip: leave the outermost hundredths of the values out of the y axes' ranges.
        baseline: the run that the others are shown as differences to; empty: none.
        runs: the legend of all charts; empty: each chart has one of its own lines.
        bands: groups of runs to be drawn as their mean and the range between them.
        forks: where runs left others.
        markers: in every panel.
        live: whether to ask for more, once a second.
        columns: charts beside one another on a wide screen.
        framed: whether each chart has a border.

    Raises:
        ValueError: all problems found in the arguments, each on its own line.
    """
    problems = []
    if x_axis not in X_AXES:
        problems.append(f"x_axis: expected one of {', '.join(X_AXES)}, found {x_axis!r}")
    if not 0 <= smoothing < 1:
        problems.append(f"smoothing: expected a number in [0, 1), found {smoothing}")
    for panel in panels:
        lines = Counter((line.run, line.name) for line in panel.lines)
        problems += [f"panel {panel.key!r}: {line} stands twice" for line, times in lines.items() if times > 1]
        if panel.range is not None and not panel.range[0] < panel.range[1]:
            problems.append(f"panel {panel.key!r}: expected (low, high), found {panel.range}")
    if problems:
        raise ValueError("\n".join(problems))
    names = {run.id: run.name for run in runs}
    return {
        "key": key,
        "plotly": PLOTLY_JS,
        "panels": [dataclasses.asdict(panel) for panel in panels],
        "runs": [dataclasses.asdict(run) for run in runs],
        "xAxis": x_axis,
        "xTitle": _(X_AXES[x_axis]),
        "smoothing": smoothing,
        "logY": log_y,
        "clip": clip,
        "baseline": baseline if baseline in names else "",
        "baselineName": names.get(baseline, ""),
        "bands": [list(band) for band in bands],
        "forks": [dataclasses.asdict(fork) for fork in forks],
        "markers": [{"at": dict(m.at), "label": m.label, "color": m.color} for m in markers],
        "live": live,
        "columns": columns,
        "framed": framed,
        "label": label or _("Curves"),
        "words": words_of(*(f"dashboard/curves/{name}" for name in _SCRIPTS)),
    }
