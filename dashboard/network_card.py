"""A run's networks on its card: a snapshot of what every layer lets through, taken when asked for."""

from __future__ import annotations

import streamlit as st

from dashboard.faults import sentence
from dashboard.network_drawing import drawing
from gancore.anatomy import Anatomy
from gancore.errors import GanCoreError
from gancore.examine import examine
from gancore.i18n import _
from gancore.run import Run
from gancore.status import RunState

PATIENCE_S = 30.0
"""Seconds to wait for a live run's iteration to end."""


def network_card(run: Run) -> None:
    """Draw an expander with a run's networks; nothing is computed before it is asked for.

    The last snapshot stays in the tab's session, so that a card may refresh around it.
    """
    key = f"anatomy-{run.id}"
    with st.expander(_("Networks"), icon=":material/account_tree:", key=f"networks-{run.id}"):
        st.caption(
            _(
                "What every layer of both networks lets through: one training step on a copy, which leaves the run "
                "as it is."
            )
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            pressed = st.button(
                _("Take a snapshot"),
                key=f"snapshot-{run.id}",
                icon=":material/photo_camera:",
                disabled=run.status().state is RunState.QUEUED,
            )
            every_number = st.toggle(_("All numbers"), key=f"every-number-{run.id}")
        if pressed:
            with st.spinner(_("Taking one step on a copy …")):
                st.session_state[key] = _examined(run)
        _show(st.session_state.get(key), every_number)


def _examined(run: Run) -> Anatomy | str:
    """What is found, or why nothing is, which is to stay on a card that refreshes."""
    try:
        return examine(run, PATIENCE_S)
    except GanCoreError as error:
        return sentence(error)


def _show(found: Anatomy | str | None, every_number: bool) -> None:
    if found is None:
        return
    if isinstance(found, str):
        st.error(found, icon=":material/error:")
        return
    if found.unmeasured:
        st.warning(_("Layers and weights only: {reason}.", reason=found.unmeasured), icon=":material/warning:")
    st.html(drawing(found, every_number))
    st.caption(
        _(
            "At iteration {iteration:,}. Activations: standard deviation of a layer's outputs. Gradient: length of "
            "the loss's gradient by one sample's outputs. Bars are logarithmic, a line for each factor of ten, on "
            "one scale for both networks.",
            iteration=found.iteration,
        )
    )
