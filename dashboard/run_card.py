"""One run on a page: state, progress, buttons, live curves and galleries."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import streamlit as st

from dashboard import charts, galleries
from dashboard.branch_panel import branch_button
from dashboard.chart_options import ChartOptions
from dashboard.curves import curve_board
from dashboard.diagnosis_card import diagnosis_card
from dashboard.engine import manager
from dashboard.faults import fragment, sentence
from dashboard.network_card import network_card
from dashboard.notes import folded_notes
from dashboard.palette import STATE_COLORS
from dashboard.run_colors import run_look
from dashboard.run_names import display_name, given_name, in_markdown
from dashboard.steering_card import steering_card
from dashboard.style import run_line
from gancore.errors import GanCoreError, RunError
from gancore.i18n import N_, _
from gancore.live_quality import measured_numbers
from gancore.run import Run
from gancore.schedule import whole_percent
from gancore.sources import is_points
from gancore.status import RunState, Status

REFRESH_S = 0.5
"""Seconds between refreshes of a live card."""
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


def run_card(run_id: str, options: ChartOptions) -> None:
    """Draw a run, refreshing by itself while it is live."""
    try:
        live = manager().get(run_id).status().state.is_live
    except GanCoreError as error:  # deleted or damaged since the page listed it
        st.error(str(error), icon=":material/error:")
        return
    fragment(_card, run_every=REFRESH_S if live else None)(run_id, live, options)


def _card(run_id: str, was_live: bool, options: ChartOptions) -> None:
    try:
        run = manager().get(run_id)
        status = run.status()
        if was_live and not status.state.is_live:
            st.rerun()  # the whole page once, so that this card stops refreshing
        with st.container(border=True, key=f"card-{run_id}"):
            _header(run, status)
            progress_bar(run, status)
            # What comes and goes has a place of its own: else all below it would be drawn anew, and twice meanwhile.
            with st.container():
                if status.state.is_live and not run.is_mine:
                    st.caption(_("It trains in another process; pause and stop it there."))
                if run.is_shipped:
                    st.caption(_("Ships with GANscope: trained beforehand, and here to be looked at."))
            diagnosis_card(run, status)
            with st.container():
                steering_card(run, status)
            # Before the first measurement: charts that came later would move what is below.
            to_come = measured_numbers(run.config) if status.state.is_live else ()
            _charts(run, status, options, to_come)
            with st.container():
                _quality(run, to_come)
            kept = run.galleries()
            galleries.milestone_row(run, kept)
            with st.container():
                galleries.film(run, kept)
            network_card(run)
            branch_button(run)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")


def _header(run: Run, status: Status) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        seed = _("seed {seed}", seed=run.config.seed)
        preset = f"{run.config.preset} · " if given_name(run) else ""
        heading(run, status, f"{preset}{run.id} · {seed}")
        if run.is_mine:
            live_buttons(run, status)
        elif status.state.can_resume and st.button(_("Resume"), key=f"resume-{run.id}", icon=":material/play_arrow:"):
            manager().resume(run.id)
            st.rerun()


def heading(run: Run, status: Status, below: str) -> None:
    """A run's name, else its preset, its state, and a line below them."""
    color, icon = STATE_COLORS[status.state], STATE_ICONS[status.state]
    with st.container(gap=None, width="stretch"):
        run_line(run_look(run.id))
        st.markdown(f"#### {in_markdown(display_name(run))} :{color}-badge[:material/{icon}: {status.state.words}]")
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
        ("toggle", _("Resume"), "play_arrow", run.resume) if paused else ("toggle", _("Pause"), "pause", run.pause),
        ("Step", _("Step"), "skip_next", run.step),
        ("Stop", _("Stop"), "stop", run.stop),
    )
    for key, label, icon, action in actions:
        st.button(
            label,
            key=f"{prefix}{key}-{run.id}",
            icon=f":material/{icon}:",
            disabled=status.state is RunState.QUEUED and key != "Stop",
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
    parts: list[str] = [
        _("{percent} % of {plan}", percent=whole_percent(status.progress), plan=plan),
        _("iteration {iteration:,}", iteration=status.iteration),
        _("epoch {epoch:.2f}", epoch=status.epoch),
    ]
    if status.message and status.state.is_live:
        parts.append(status.words)
    if status.iterations_per_s:
        parts.append(_("{speed:.3g} it/s", speed=status.iterations_per_s))
    if status.eta_s is not None:
        parts.append(_("{duration} left", duration=duration(status.eta_s)))
    elif status.elapsed_s:
        took = duration(status.elapsed_s)
        so_far = _("{duration} so far", duration=took)
        parts.append(so_far if status.state.is_live else _("took {duration}", duration=took))
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """``45 s``, ``3:07`` or ``2 h 03 min``."""
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s", seconds=whole)
    minutes, rest = divmod(whole, 60)
    # Not 2:03:00: Streamlit takes what stands between two colons for the name of an emoji, and fetches emojis first.
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return _("{hours} h {minutes:02d} min", hours=minutes // 60, minutes=minutes % 60)


def progress_bar(run: Run, status: Status) -> None:
    """How far a run is, and what ended it."""
    with st.container(key=f"progress-{run.id}"):
        st.progress(status.progress, progress_text(status, run.config.plan.describe()))
    with st.container():
        if status.message and not status.state.is_live:
            show = st.error if status.state in (RunState.FAILED, RunState.DIVERGED) else st.caption
            show(sentence(status.words))


def _charts(run: Run, status: Status, options: ChartOptions, to_come: tuple[str, ...]) -> None:
    config, quality = run.config, run.quality()
    panels = charts.run_panels(run.id, config, options.groups, quality, to_come)
    curve_board(
        panels,
        key=f"run-{run.id}",
        x_axis=options.x_axis,
        smoothing=options.smoothing,
        log_y=options.log_y,
        clip=options.clip,
        markers=charts.run_markers(config, run.galleries(), run.changes(), quality),
        live=status.state.is_live,
        columns=2,
        label=_("Curves of {run}", run=run.id),
    )
    folded_notes([line.column for panel in panels for line in panel.lines], run.id)


def _quality(run: Run, to_come: tuple[str, ...]) -> None:
    """How many classes or modes the samples cover, and what the measured numbers stand on."""
    quality = run.quality()
    if quality is None or not len(quality.history):
        if "modes" in to_come:
            points = is_points(run.config.data)
            st.progress(
                0.0, _("Modes covered: not measured yet") if points else _("Classes covered: not measured yet")
            )
        if to_come:
            st.caption(_("Quality is measured from time to time, first when the data itself has been looked at."))
        return
    facts = quality.facts
    if facts.classes:
        covered = int(quality.history.column("modes")[-1])
        pattern = (
            N_("Classes covered: {covered} of {count}")
            if facts.extractor
            else N_("Modes covered: {covered} of {count}")
        )
        st.progress(covered / facts.classes, _(pattern, covered=covered, count=facts.classes))
    if facts.extractor:
        pattern = N_("From {count:,} samples each time, seen by {judge}: for its course, not for ranking.")
    else:
        pattern = N_(
            "From {count:,} samples each time, against as many of the data: for its course, not for ranking."
        )
    st.caption(_(pattern, count=facts.samples, judge=facts.extractor))
