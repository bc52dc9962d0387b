"""From full histories to what the browser gets: smoothing, thinning and packing. Pure; no Streamlit here."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tsdownsample import MinMaxLTTBDownsampler

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

POINTS_PER_TRACE = 1000
# Below three the thinning algorithm has no middle to choose, and aborts.
FEWEST_PICKS = 8
# Up to here every value is drawn as a dot too, so that a score measured once an epoch is seen.
DOTS_UP_TO = 30


@dataclass(frozen=True)
class Trace:
    """One line of a live chart.

    Attributes:
        name: Legend text; together with `legend_group` and `panel` it identifies the line between refreshes.
        x: (n,) positions, ascending.
        y: (n,) values; nan or infinite where there is none, which leaves a gap.
        color: CSS hex colour, readable on a light and a dark page.
        panel: 0 for the upper panel, 1 for the lower one.
        dash: A Plotly dash style: solid, dot, dash, longdash, dashdot.
        legend_group: Traces of one group are hidden and shown together, e.g. one run of a comparison.
    """

    name: str
    x: NDArray[Any]
    y: NDArray[Any]
    color: str
    panel: int = 0
    dash: str = "solid"
    legend_group: str = ""


@dataclass(frozen=True)
class Marker:
    """A vertical dotted line with a small label, e.g. "25 %" where a gallery was drawn."""

    x: float
    label: str


def smooth(y: Floats, weight: float) -> Floats:
    """Exponential moving average, debiased at the start, as TensorBoard's smoothing slider draws it.

    Args:
        y: (n,) values; non-finite ones are skipped and stay gaps.
        weight: Share of the past in each step, in [0, 1); 0 returns the values themselves.

    Returns:
        (n,) averages, nan where `y` has no value.
    """
    known = np.where(np.isfinite(y), y, np.nan)
    if weight == 0:
        return known
    average = pd.Series(known).ewm(alpha=1 - weight, ignore_na=True).mean().to_numpy(dtype=np.float64)
    return np.where(np.isnan(known), np.nan, average)


def thin(columns: Sequence[Floats], limit: int = POINTS_PER_TRACE) -> Rows:
    """Choose the rows to draw of columns that share their x: extremes survive, gaps stay gaps.

    Every column picks its share with MinMaxLTTB (Van Der Donckt et al. 2023, arXiv:2305.00332) and all are
    drawn at the union, because the unified hover box lines up only traces that have a point at the same x.

    Args:
        columns: One or more (n,) arrays, nan or infinite where there is no value.
        limit: Most rows to return, at least 10 for each column.

    Returns:
        (m,) ascending row numbers, m <= limit, with the first and the last row among them.
    """
    n = len(columns[0])
    if n <= limit:
        return np.arange(n)
    share = max((limit - 2) // len(columns), FEWEST_PICKS)
    ends = np.array([0, n - 1])
    return np.unique(np.concatenate([ends, *(_pick(column, share) for column in columns)]))


def _pick(y: Floats, budget: int) -> Rows:
    """At most `budget` rows of one column: its telling values, and one row in each gap between them."""
    known = np.isfinite(y)
    values = np.flatnonzero(known)
    gaps = np.flatnonzero(~known)
    picks = budget // 2 if gaps.size else budget
    if values.size > picks:
        # By row, not by x: equal or uneven x positions would leave bins empty.
        values = values[MinMaxLTTBDownsampler().downsample(y[values], n_out=picks).astype(np.int64)]
    if not gaps.size or values.size < 2:
        return values
    following = np.searchsorted(gaps, values[:-1])
    first_gap = gaps[np.minimum(following, gaps.size - 1)]
    inside = (first_gap > values[:-1]) & (first_gap < values[1:])
    return np.union1d(values, first_gap[inside])


def pack_chart(
    traces: Sequence[Trace],
    *,
    key: str,
    x_title: str,
    panel_titles: Sequence[str],
    panel_ranges: Sequence[tuple[float, float] | None] = (),
    markers: Sequence[Marker] = (),
    smoothing: float = 0.0,
    log_y: bool = False,
    height: int = 360,
) -> dict[str, Any]:
    """Everything `live_chart.js` draws from, as JSON-safe values; the arguments are those of `live_chart`.

    Numbers travel as base64 typed arrays in Plotly's own notation, `{"dtype", "bdata"}`: x in float64, as
    float32 cannot count past 2^24, y in float32. Texts are escaped, as Plotly reads them as markup.

    Raises:
        ValueError: All of the problems found in the arguments, each on its own line.
    """
    _check(traces, panel_titles, panel_ranges, smoothing)
    columns: list[dict[str, str]] = []
    packed: list[dict[str, Any] | None] = [None] * len(traces)
    for members in _sharing_x(traces):
        x = np.asarray(traces[members[0]].x, dtype=np.float64)
        usable = np.isfinite(x)
        raw = [np.asarray(traces[i].y, dtype=np.float64)[usable] for i in members]
        rows = thin(raw)
        columns.append(_encode(x[usable][rows], "f8"))
        for i, y in zip(members, raw, strict=True):
            packed[i] = {
                "x": len(columns) - 1,
                "y": _encode(smooth(y, smoothing)[rows], "f4"),
                "raw": _encode(y[rows], "f4") if smoothing else None,
                "dots": bool(np.isfinite(y).sum() <= DOTS_UP_TO),
                **_appearance(traces[i]),
            }
    ranges = [*panel_ranges, *[None] * len(panel_titles)]
    return {
        "key": key,
        "height": height,
        "xTitle": html.escape(x_title, quote=False),
        "logY": log_y,
        "points": len(traces[0].x) if traces else 0,
        "empty": not any(len(trace.x) for trace in traces),
        "panels": [
            {"title": html.escape(title, quote=False), "range": list(limits) if limits else None}
            for title, limits in zip(panel_titles, ranges, strict=False)
        ],
        "markers": [
            {"x": float(marker.x), "label": html.escape(marker.label, quote=False)}
            for marker in markers
            if np.isfinite(marker.x)
        ],
        "columns": columns,
        "traces": packed,
    }


def _sharing_x(traces: Sequence[Trace]) -> list[list[int]]:
    """Trace numbers, in order, grouped by legend group and identical x."""
    groups: list[list[int]] = []
    for i, trace in enumerate(traces):
        for group in groups:
            first = traces[group[0]]
            if first.legend_group == trace.legend_group and (first.x is trace.x or np.array_equal(first.x, trace.x)):
                group.append(i)
                break
        else:
            groups.append([i])
    return groups


def _appearance(trace: Trace) -> dict[str, Any]:
    return {
        "id": f"{trace.panel}/{trace.legend_group}/{trace.name}",
        "name": html.escape(trace.name, quote=False),
        "color": trace.color,
        "dash": trace.dash,
        "panel": trace.panel,
        "group": trace.legend_group,
    }


def _encode(values: Floats, dtype: str) -> dict[str, str]:
    if not values.size:
        # A trace without any point would lose its legend entry.
        values = np.array([np.nan])
    with np.errstate(over="ignore"):
        numbers = values.astype(f"<{dtype}")
    # Too large for float32 is a gap as much as infinity is.
    numbers[~np.isfinite(numbers)] = np.nan
    return {"dtype": dtype, "bdata": base64.b64encode(numbers.tobytes()).decode("ascii")}


def _check(
    traces: Sequence[Trace],
    panel_titles: Sequence[str],
    panel_ranges: Sequence[tuple[float, float] | None],
    smoothing: float,
) -> None:
    problems = []
    if len(panel_titles) not in (1, 2):
        problems.append(f"panel_titles: expected 1 or 2 titles, found {len(panel_titles)}")
    if not 0 <= smoothing < 1:
        problems.append(f"smoothing: expected a number in [0, 1), found {smoothing}")
    if len(panel_ranges) > len(panel_titles):
        problems.append(f"panel_ranges: expected at most {len(panel_titles)}, one a panel, found {len(panel_ranges)}")
    for limits in panel_ranges:
        if limits is not None and not (np.isfinite(limits).all() and limits[0] < limits[1]):
            problems.append(f"panel_ranges: expected finite (low, high), found {limits}")
    seen: set[tuple[int, str, str]] = set()
    for trace in traces:
        identity = (trace.panel, trace.legend_group, trace.name)
        if identity in seen:
            problems.append(f"trace {trace.name!r}: the name stands twice in one panel and legend group")
        seen.add(identity)
        shapes = np.shape(trace.x), np.shape(trace.y)
        if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
            problems.append(f"trace {trace.name!r}: expected x and y of one shape (n,), found {shapes}")
        if not 0 <= trace.panel < len(panel_titles):
            problems.append(f"trace {trace.name!r}: there is no panel {trace.panel}")
    if problems:
        raise ValueError("\n".join(problems))
