"""The controls that all curves on a page follow; kept while the tab is open, and in the page's address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.charts import FIRST_GROUPS
from dashboard.curves import X_AXES
from dashboard.quantities import GROUPS, Group

SMOOTHING = 0.6


@dataclass(frozen=True)
class ChartOptions:
    """What was chosen."""

    groups: list[Group]
    x_axis: str
    smoothing: float
    log_y: bool
    clip: bool


def chart_options() -> tuple[ChartOptions, DeltaGenerator]:
    """Draw the controls; returns what they say, and their row, for a page that has more."""
    names = {title: name for name, title in X_AXES.items()}
    groups: list[Group] = st.pills(
        "Charts",
        list(GROUPS),
        selection_mode="multi",
        default=list(FIRST_GROUPS),
        key="charts",
        bind="query-params",
        help=" ".join(f"**{group}**: {text}" for group, text in GROUPS.items()),
    )
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with row:
        x_title = st.selectbox("Horizontal axis", list(names), key="x", bind="query-params", width=180)
        smoothing = st.slider(
            "Smoothing",
            0.0,
            0.99,
            SMOOTHING,
            0.01,
            key="smoothing",
            bind="query-params",
            width=170,
            help="Weight of the past in an exponential moving average; the raw curve stays behind it, faint.",
        )
        log_y = st.toggle("Log losses", key="log", bind="query-params")
        clip = st.toggle(
            "Clip outliers", key="clip", bind="query-params", help="Leave the outermost hundredths out of the axes."
        )
    return ChartOptions(groups, names[x_title], smoothing, log_y, clip), row
