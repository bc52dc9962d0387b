"""The controls that all curves on a page follow; kept while the tab is open, and in the page's address."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.charts import FIRST_GROUPS
from dashboard.curves import X_AXES
from dashboard.language import paragraph
from dashboard.linked import linked_pills, linked_selectbox, linked_slider, linked_toggle
from dashboard.quantities import GROUPS, TITLES, Group
from gancore.i18n import _

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
    groups = linked_pills(
        _("Charts"),
        list(GROUPS),
        default=FIRST_GROUPS,
        format_func=lambda group: _(TITLES[group]),
        key="charts",
        help=paragraph(
            _("**{group}**: {text}", group=_(TITLES[group]), text=_(text)) for group, text in GROUPS.items()
        ),
    )
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="chart-options")
    with row:
        x_title = linked_selectbox(_("Horizontal axis"), list(names), format_func=_, key="x", width=180)
        smoothing = linked_slider(
            _("Smoothing"),
            0.0,
            0.99,
            SMOOTHING,
            0.01,
            key="smoothing",
            width=170,
            help=_("Weight of the past in an exponential moving average; the raw curve stays behind it, faint."),
        )
        log_y = linked_toggle(_("Log losses"), key="log")
        clip = linked_toggle(
            _("Clip outliers"),
            key="clip",
            help=_("Leave the outermost hundredths out of the axes."),
        )
    return ChartOptions([group for group in GROUPS if group in groups], names[x_title], smoothing, log_y, clip), row
