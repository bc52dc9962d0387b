"""One run in the plane: what it looks like now, its speed, its numbers and its losses."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import streamlit as st

from dashboard import charts, faults
from dashboard.chart_options import SMOOTHING
from dashboard.curves import curve_board
from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.plane_view import plane_view
from dashboard.run_card import heading, live_buttons, progress_bar
from dashboard.steering_card import speed_control
from dashboard.style import to_come
from gancore.errors import GanCoreError, RunError
from gancore.i18n import _
from gancore.plane import PlaneView
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.sources import SOURCES
from gancore.status import RunState, Status

REFRESH_S = 0.35
"""Seconds between refreshes of a live card."""
PATIENCE_S = 2.0
"""Seconds a refresh waits for a view; at its start a run is still loading its data."""


def data_title(name: str) -> str:
    """What a menu calls a data set of points."""
    return _(SOURCES[name].title) if name in SOURCES else Path(name).stem


def plane_card(run_id: str, layers: Collection[str], alone: bool) -> None:
    """Draw a run's plane, refreshing by itself while the run is live.

    Args:
        layers: of the plane that are shown.
        alone: whether the card is as wide as the page; its losses then stand beside the plane.
    """
    try:
        live = manager().get(run_id).status().state.is_live
    except GanCoreError as error:  # deleted or damaged since the page listed it
        st.error(str(error), icon=":material/error:")
        return
    fragment(_card, run_every=REFRESH_S if live else None)(run_id, layers, alone, live)


def _card(run_id: str, layers: Collection[str], alone: bool, was_live: bool) -> None:
    try:
        run = manager().get(run_id)
        status = run.status()
        if was_live and not status.state.is_live:
            st.rerun()  # the whole page once, so that this card stops refreshing
        with st.container(border=True, key=f"card-plane-{run_id}"):
            seed = _("seed {seed}", seed=run.config.seed)
            heading(run, status, f"{data_title(run.config.data)} · {seed} · {run.id}")
            _controls(run, status)
            label = _choose_class(run)
            plane, beside = st.columns([1, 1], gap="medium") if alone else (st.container(), st.container())
            with plane:
                view = _plane(run, status, layers, label)
            with beside:
                with st.container():
                    if view is not None:
                        _numbers(view)
                progress_bar(run, paced_status(run.status(), run.paced))
                _losses(run, status)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")


def paced_status(status: Status, pace: float | None) -> Status:
    """A status whose speed and time left are those of slow motion, whose waits training leaves out."""
    if pace is None or not status.state.is_live:
        return status
    left_s = (1 - status.progress) * status.iteration / status.progress / pace if status.progress else None
    return status.model_copy(
        update={
            "iterations_per_s": min(pace, status.iterations_per_s),
            "eta_s": max(left_s, status.eta_s or 0.0) if left_s is not None else None,
            "elapsed_s": 0.0,
        }
    )


def _controls(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not run.is_mine:
            if status.state.can_resume and st.button(
                _("Resume"), key=f"p-resume-{run.id}", icon=":material/play_arrow:"
            ):
                manager().resume(run.id)
                st.rerun()
            if status.state.is_live:
                st.caption(
                    _(
                        "It trains in another process; pause and stop it there. The plane is that of its last "
                        "checkpoint."
                    )
                )
            return
        live_buttons(run, status, "p-")
        speed_control(run, labelled=False)


def _choose_class(run: Run) -> int:
    """Which class's plane is shown, for a recipe that is told one."""
    resolved = run.folder.read_resolved()
    if recipe_of(run.config.preset).conditioned_on != "label" or resolved is None:
        return 0
    classes = resolved.classes
    chosen: int = st.selectbox(
        _("Class"),
        range(len(classes)),
        format_func=lambda index: classes[index],
        key=f"class-{run.id}",
        width=280,
        help=_("Discriminator and manifold are shown for this class; the samples have all of them."),
    )
    return chosen


def _plane(run: Run, status: Status, layers: Collection[str], label: int) -> PlaneView | None:
    if status.state is RunState.QUEUED:
        to_come(_("waits for a free core"))
        return None
    last = f"plane.view.{run.id}.{label}"
    try:
        view = st.session_state[last] = run.look(label, timeout_s=PATIENCE_S)
    except GanCoreError as error:
        if not (status.state.is_live and isinstance(error, RunError)):
            faults.show(error)
            return None
        if last not in st.session_state:
            to_come(_("loading the data") if run.is_mine else _("waits for its first checkpoint"))
            return None
        view = st.session_state[last]  # a busy machine takes its time: what was seen stays
    name = _("{preset} on {data}", preset=run.config.preset, data=data_title(run.config.data))
    plane_view(view, key=f"plane-{run.id}", layers=layers, name=name)
    return view


def _numbers(view: PlaneView) -> None:
    if view.coverage is None:
        return
    found = view.coverage
    st.markdown(
        _(
            "**{covered} of {count}** modes found · **{share:.0%}** of high quality",
            covered=found.covered,
            count=len(found.counts),
            share=found.high_quality,
        ),
        help=_(
            "Of 2,500 samples: a sample within 3 sigma of a mode is of high quality, and a mode with one is found "
            "(PacGAN, section 4.1)."
        ),
    )


def _losses(run: Run, status: Status) -> None:
    curve_board(
        charts.run_panels(run.id, run.config, ("Losses", "Discriminator"), None),
        key=f"plane-chart-{run.id}",
        smoothing=SMOOTHING,
        live=status.state.is_live,
        label=_("Curves of {run}", run=run.id),
    )
