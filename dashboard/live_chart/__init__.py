"""A line chart that grows in place while a run trains.

`pack.py` prepares the data, `live_chart.js` keeps one Plotly graph alive for each chart, `live_chart.css`
dresses it, `vendor.py` serves Plotly.js. `st.plotly_chart` builds a new graph at every refresh and so loses
zoom and hidden lines; it stays right for charts that do not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboard.live_chart.pack import Marker, Trace, pack_chart
from dashboard.live_chart.vendor import PLOTLY_JS

__all__ = ["Marker", "Trace", "live_chart"]

_FOLDER = Path(__file__).parent
_component = st.components.v2.component(
    "ganscope_live_chart",
    js=(_FOLDER / "live_chart.js").read_text(encoding="utf-8"),
    css=(_FOLDER / "live_chart.css").read_text(encoding="utf-8"),
    isolate_styles=False,
)


def live_chart(
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
) -> None:
    """Draw lines that keep the reader's zoom, hidden traces and hover from one refresh to the next.

    Call it from a `@st.fragment(run_every=...)`, each time with the whole history: thinning to 1,000 points a
    trace happens here. Without any row it shows empty axes and "waiting for the first iteration".

    Args:
        traces: The lines, in legend order.
        key: Identifies the graph; the same key is the same graph, another key starts afresh.
        x_title: What x counts, e.g. "iteration"; with another title the zoom along x is given up.
        panel_titles: One title for each panel: one, or two stacked over a shared x axis.
        panel_ranges: (low, high) of each panel's y axis, None or left out to follow the data.
        markers: Vertical dotted lines across all panels.
        smoothing: Weight of an exponential moving average in [0, 1); above 0 the raw line stays, faint.
        log_y: Logarithmic y axis in the panels without a range; values of 0 and below are not drawn.
        height: Of the whole chart, in pixels; does not change with what is in it.

    Raises:
        ValueError: All problems found in the arguments.
    """
    data = pack_chart(
        traces,
        key=key,
        x_title=x_title,
        panel_titles=panel_titles,
        panel_ranges=panel_ranges,
        markers=markers,
        smoothing=smoothing,
        log_y=log_y,
        height=height,
    )
    _component(key=key, data={**data, "plotly": PLOTLY_JS}, height=height)
