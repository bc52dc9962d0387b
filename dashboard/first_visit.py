"""Three steps from an empty page to a trained digit: start, watch, walk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.engine import FIRST_PRESET, manager
from dashboard.faults import fragment, sentence
from gancore import data
from gancore.errors import GanCoreError
from gancore.i18n import _, again, reason_of
from gancore.recipes import configure
from gancore.run import Run
from gancore.schedule import whole_percent
from gancore.sources import is_points
from gancore.status import RunState

RUN: dict[str, Any] = {"data": "digits", "plan": "40s"}
"""What step 1 starts; digits can be read after some 400 iterations, a quarter of this on one core of a laptop."""
FIRST_DIGITS_PERCENT = 25
REFRESH_S = 0.5
LATENT_PAGE = Path(__file__).parent / "views" / "latent.py"
_OPEN, _ERROR = "first-visit.open", "first-visit.error"


def first_visit() -> None:
    """Lead through the three steps while no run has been finished; once drawn it stays until it is closed."""
    if _OPEN not in st.session_state:
        st.session_state[_OPEN] = not any(run.status().state is RunState.FINISHED for run in manager().own_runs())
    if not st.session_state[_OPEN]:
        return
    run = _followed()
    live = run is not None and run.status().state.is_live
    fragment(_guide, run_every=REFRESH_S if live else None)()


def _followed() -> Run | None:
    """The run that the steps tell of: the first on images that is finished, else the first that trains."""
    live = None
    for run in reversed(manager().own_runs()):
        state = run.status().state
        if is_points(run.config.data):
            continue
        if state is RunState.FINISHED:
            return run
        if state.is_live:
            live = live or run
    return live


def _guide() -> None:
    # Refreshing starts and ends with the page, which the run's card and the Train page draw anew.
    run = _followed()
    finished = run is not None and run.status().state is RunState.FINISHED
    with st.container(border=True, key="first-visit"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("#### From noise to digits"), width="stretch")
            if st.button(_("Close"), icon=":material/close:", type="tertiary", key="first-visit-close"):
                st.session_state[_OPEN] = False
                st.rerun()
        start, watch, walk = st.columns(3, gap="medium")
        with start:
            _start(run)
        with watch:
            _watch(run)
        with walk:
            _step(_("3 Walk"), finished, _("Go from one digit to another and see those between."))
            if st.button(
                _("Walk through its digits"),
                type="primary" if finished else "secondary",
                icon=":material/scatter_plot:",
                width="stretch",
                disabled=not finished,
                key="first-visit-walk",
            ):
                st.switch_page(LATENT_PAGE, query_params={"run": run.id} if run is not None else None)
        if error := st.session_state.get(_ERROR):
            st.error(sentence(again(error)), icon=":material/error:")


def _step(title: str, done: bool, text: str) -> None:
    mark = ":green[:material/check_circle:]" if done else ":gray[:material/radio_button_unchecked:]"
    said = _(" :gray[· done]") if done else ""
    st.markdown(f"{mark} **{title}**{said}  \n{text}")


def _start(run: Run | None) -> None:
    _step(_("1 Start"), run is not None, _("Train a small GAN on the bundled handwritten digits."))
    if st.button(
        _("Train digits"),
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=run is not None,
        key="first-visit-start",
    ):
        try:
            data.load(RUN["data"])
            manager().start(configure(FIRST_PRESET, **RUN))
        except GanCoreError as error:
            st.session_state[_ERROR] = reason_of(error)
        else:
            st.session_state.pop(_ERROR, None)
        st.rerun()


def _watch(run: Run | None) -> None:
    seen = run is not None and any((found.percent or 0) >= FIRST_DIGITS_PERCENT for found in run.galleries())
    _step(_("2 Watch"), seen, _("Its card below shows noise become digits, and both losses."))
    if run is None:
        st.progress(0.0, _("First digits at {percent} %", percent=FIRST_DIGITS_PERCENT))
        return
    status = run.status()
    parts = [f"{whole_percent(status.progress)} %"]
    if status.eta_s is not None:
        parts.append(_("{seconds} s left", seconds=max(0, round(status.eta_s))))
    st.progress(status.progress, " · ".join(parts))
