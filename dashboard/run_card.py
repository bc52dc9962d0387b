"""One run on a page: state, progress, buttons, live curves and galleries."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import streamlit as st

from dashboard import charts, galleries
from dashboard.engine import manager
from dashboard.live_chart import Marker, live_chart
from dashboard.network_card import network_card
from gancore.errors import GanCoreError, RunError
from gancore.live_quality import Quality
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.schedule import whole_percent
from gancore.status import RunState, Status

REFRESH_S = 0.5
"""Seconds between refreshes of a live card."""
STATE_COLORS: dict[RunState, str] = {
    RunState.QUEUED: "gray",
    RunState.RUNNING: "green",
    RunState.PAUSED: "orange",
    RunState.STOPPED: "gray",
    RunState.FINISHED: "blue",
    RunState.DIVERGED: "red",
    RunState.FAILED: "red",
    RunState.INTERRUPTED: "orange",
}
STATE_ICONS: dict[RunState, str] = {
    RunState.QUEUED: "schedule",
    RunState.RUNNING: "play_arrow",
    RunState.PAUSED: "pause",
    RunState.STOPPED: "stop",
    RunState.FINISHED: "check",
    RunState.DIVERGED: "trending_up",
    RunState.FAILED: "error",
    RunState.INTERRUPTED: "power_off",
}
TOGGLE_WIDTH = 120
"""Pixels of the button that is Pause or Resume."""


def chart_options() -> None:
    """The controls that all curves on a page follow; kept while the tab is open."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Horizontal axis",
            list(charts.X_AXES),
            format_func=lambda name: charts.X_AXES[name],
            default="iteration",
            required=True,
            key="x_axis",
            persist_state="session",
        )
        st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.6,
            0.01,
            key="smoothing",
            persist_state="session",
            width=220,
            help="Weight of an exponential moving average; the raw curve stays behind it.",
        )
        st.toggle("Logarithmic losses", key="log_y", persist_state="session")


def run_card(run_id: str) -> None:
    """Draw a run, refreshing by itself while it is live."""
    try:
        live = manager().get(run_id).status().state.is_live
    except GanCoreError as error:  # deleted or damaged since the page listed it
        st.error(str(error), icon=":material/error:")
        return
    st.fragment(_card, run_every=REFRESH_S if live else None)(run_id, live)


def _card(run_id: str, was_live: bool) -> None:
    try:
        run = manager().get(run_id)
        status = run.status()
        if was_live and not status.state.is_live:
            st.rerun()  # the whole page once, so that this card stops refreshing
        with st.container(border=True, key=f"card-{run_id}"):
            _header(run, status)
            progress_bar(run, status)
            if status.state.is_live and not run.is_mine:
                st.caption("It trains in another process; pause and stop it there.")
            _chart(run)
            _quality(run)
            kept = run.galleries()
            galleries.milestone_row(run, kept)
            galleries.film(run, kept)
            network_card(run)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")


def _header(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        heading(run, status, f"{run.id} · seed {run.config.seed}")
        if run.is_mine:
            live_buttons(run, status)
        elif status.state.can_resume and st.button("Resume", key=f"resume-{run.id}", icon=":material/play_arrow:"):
            manager().resume(run.id)
            st.rerun()


def heading(run: Run, status: Status, below: str) -> None:
    """A run's preset and state, and a line below them."""
    color, icon = STATE_COLORS[status.state], STATE_ICONS[status.state]
    with st.container(gap=None, width="stretch"):
        st.markdown(f"#### {run.config.preset} :{color}-badge[:material/{icon}: {status.state}]")
        st.caption(below)


def live_buttons(run: Run, status: Status, prefix: str = "") -> None:
    """Pause or Resume, Step and Stop of a run that this process trains.

    Pause and Resume are one button of one width, which is never remade: what stands beside it must not move under the
    pointer.

    Args:
        prefix: of the buttons' keys, where a page has them beside another's.
    """
    paused = status.state is RunState.PAUSED
    actions = (
        ("toggle", "Resume", "play_arrow", run.resume) if paused else ("toggle", "Pause", "pause", run.pause),
        ("Step", "Step", "skip_next", run.step),
        ("Stop", "Stop", "stop", run.stop),
    )
    for key, label, icon, action in actions:
        st.button(
            label,
            key=f"{prefix}{key}-{run.id}",
            icon=f":material/{icon}:",
            disabled=status.state is RunState.QUEUED and label != "Stop",
            width=TOGGLE_WIDTH if key == "toggle" else "content",
            on_click=unless_ended,
            args=(action,),
        )


def unless_ended(action: Callable[[], None]) -> None:
    """Do what a button said when it was drawn, unless the run has ended meanwhile: the card tells that by itself."""
    with contextlib.suppress(RunError):
        action()


def progress_text(status: Status, plan: str) -> str:
    """``25 % of 3 epochs · iteration 352 · epoch 0.75 · 98 it/s · 11 s left``."""
    parts = [
        f"{whole_percent(status.progress)} % of {plan}",
        f"iteration {status.iteration:,}",
        f"epoch {status.epoch:.2f}",
    ]
    if status.iterations_per_s:
        parts.append(f"{status.iterations_per_s:.3g} it/s")
    if status.eta_s is not None:
        parts.append(f"{duration(status.eta_s)} left")
    elif status.elapsed_s:
        took = duration(status.elapsed_s)
        parts.append(f"{took} so far" if status.state.is_live else f"took {took}")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """``45 s``, ``3:07`` or ``2:03:00``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def progress_bar(run: Run, status: Status) -> None:
    """How far a run is, and what ended it."""
    st.progress(status.progress, progress_text(status, run.config.plan.describe()))
    if status.message:
        show = st.error if status.state in (RunState.FAILED, RunState.DIVERGED) else st.caption
        show(f"{status.message[0].upper()}{status.message[1:]}.")


def _chart(run: Run) -> None:
    series = recipe_of(run.config.preset).series
    x_axis = _x_axis()
    titles = charts.panel_titles(series)
    live_chart(
        charts.run_traces(run.history(), series, x_axis),
        key=f"chart-{run.id}",
        x_title=charts.X_AXES[x_axis],
        panel_titles=titles,
        panel_ranges=(None, (0.0, 1.0))[: len(titles)],
        markers=[*charts.milestone_markers(run.galleries(), x_axis), *_turns(run.quality(), x_axis)],
        smoothing=st.session_state.get("smoothing", 0.6),
        log_y=bool(st.session_state.get("log_y")),
    )


def _x_axis() -> str:
    return st.session_state.get("x_axis") or "iteration"


def _turns(quality: Quality | None, x_axis: str) -> list[Marker]:
    return [] if quality is None else charts.turn_markers(quality, x_axis)


def _quality(run: Run) -> None:
    """What is measured while it trains, on the curves' own axis."""
    quality = run.quality()
    if quality is None or not len(quality.history):
        if run.is_mine and run.config.measure_every is not None:
            st.caption("Quality: measured from time to time, first when the data's own images have been looked at.")
        return
    x_axis, facts = _x_axis(), quality.facts
    titles = charts.quality_titles(quality)
    if len(quality.history) > 1:  # a single point is no course
        live_chart(
            charts.quality_traces(quality, x_axis),
            key=f"quality-{run.id}",
            x_title=charts.X_AXES[x_axis],
            panel_titles=titles,
            panel_ranges=(None, (0.0, 1.05))[: len(titles)],
            markers=_turns(quality, x_axis),
            height=260,
        )
    if facts.classes:
        covered = int(quality.history.column("modes")[-1])
        what = "Classes" if facts.extractor else "Modes"
        st.progress(covered / facts.classes, f"{what} covered: {covered} of {facts.classes}")
    through = f"seen by {facts.extractor}" if facts.extractor else "against as many of the data"
    st.caption(f"From {facts.samples:,} samples each time, {through}: for its course, not for ranking.")
