"""Runs side by side: their curves over one another, their galleries at the same milestone, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from dashboard import charts, comparison, galleries
from dashboard.comparison import Compared
from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.live_chart import live_chart
from dashboard.run_card import chart_options
from dashboard.run_picker import pick_runs
from dashboard.style import run_mark, to_come
from gancore.checkpoint import Gallery
from gancore.errors import GanCoreError
from gancore.schedule import MILESTONES

CURVES_EVERY_S = 1.0
GALLERIES_EVERY_S = 2.0
# Runs that are chosen until somebody chooses.
AT_FIRST = 2
CHART_HEIGHT = 300
TRAIN_PAGE = Path(__file__).with_name("train.py")


def main() -> None:
    """The page."""
    known = [run.id for run in manager().runs()]
    if not known:
        _empty()
        return
    chosen = pick_runs(known, "runs", known[:AT_FIRST], comparison.MOST_RUNS)
    if len(known) == 1:
        st.info("There is one run so far; with a second one there is something to compare.", icon=":material/info:")
        st.page_link(TRAIN_PAGE, label="Train another", icon=":material/play_circle:")
    if not chosen:
        st.info(f"Choose up to {comparison.MOST_RUNS} runs above.", icon=":material/arrow_upward:")
        return
    colors = comparison.assign_colors(chosen, st.session_state.get("compare.colors", {}))
    st.session_state["compare.colors"] = colors
    try:
        runs = _read(chosen, colors)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return
    live = any(run.status.state.is_live for run in runs)
    chart_options()
    fragment(_curves, run_every=CURVES_EVERY_S if live else None)(chosen, colors, live)
    st.subheader("Samples at the same milestone", anchor=False)
    percent = _choose_milestone(runs)
    fragment(_galleries, run_every=GALLERIES_EVERY_S if live else None)(chosen, colors, percent)
    st.subheader("How they stand", anchor=False)
    fragment(_standing, run_every=CURVES_EVERY_S if live else None)(chosen, colors)
    _differences(runs)


def _empty() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown("#### Nothing to compare yet")
        st.markdown("Start two or more presets at once on the Train page; they appear here while they train.")
        st.page_link(TRAIN_PAGE, label="Train", icon=":material/play_circle:")


def _read(chosen: Sequence[str], colors: Mapping[str, str]) -> list[Compared]:
    runs = [manager().get(run_id) for run_id in chosen]
    names = comparison.short_names({run.id: run.config for run in runs})
    return [Compared.read(run, names[run.id], colors[run.id]) for run in runs]


def _curves(chosen: Sequence[str], colors: Mapping[str, str], was_live: bool) -> None:
    try:
        runs = _read(chosen, colors)
    except GanCoreError:
        st.rerun()  # a run was deleted: the page leaves it out
    if was_live and not any(run.status.state.is_live for run in runs):
        st.rerun()  # the whole page once, so that nothing refreshes any more
    x_axis = st.session_state.get("x_axis") or "iteration"
    quantities = comparison.quantities(runs)
    columns = [column for _ in range(0, len(quantities), 2) for column in st.columns(2)]
    for quantity, column in zip(quantities, columns, strict=False):
        with column, st.container(border=True):
            if note := comparison.scale_note(quantity, runs):
                st.caption(note)
            live_chart(
                comparison.traces(runs, quantity, x_axis),
                key=f"compare-{quantity.column}",
                x_title=charts.X_AXES[x_axis],
                panel_titles=[quantity.title],
                panel_ranges=[quantity.limits],
                smoothing=st.session_state.get("smoothing", 0.6),
                log_y=bool(st.session_state.get("log_y")),
                height=CHART_HEIGHT,
            )


def _choose_milestone(runs: Sequence[Compared]) -> int:
    return st.segmented_control(
        "Milestone",
        MILESTONES,
        format_func=lambda percent: f"{percent} %",
        default=comparison.latest_shared(runs),
        required=True,
        key="compare.milestone",
        persist_state="session",
        label_visibility="collapsed",
    )


def _galleries(chosen: Sequence[str], colors: Mapping[str, str], percent: int) -> None:
    try:
        runs = _read(chosen, colors)
    except GanCoreError:
        st.rerun()
    with st.container(key="compare-galleries"):
        for run in runs:
            with st.container(gap="xsmall", key=f"compare-card-{run.id}"):
                run_mark(run.name, run.color)
                gallery = comparison.milestone(run.galleries, percent)
                if gallery is None:
                    to_come("not reached yet" if run.status.state.is_live else "not reached")
                    st.caption(f"{percent} %")
                else:
                    _picture(run.id, gallery)


def _picture(run_id: str, gallery: Gallery) -> None:
    caption = galleries.caption(gallery)
    try:
        picture = galleries.gallery_png(manager().get(run_id), gallery)
    except (GanCoreError, OSError):
        to_come("the picture's file is gone")
    else:
        st.image(picture, width="stretch", alt=f"Samples of {run_id} at {caption}")
    st.caption(caption)


def _standing(chosen: Sequence[str], colors: Mapping[str, str]) -> None:
    try:
        runs = _read(chosen, colors)
    except GanCoreError:
        st.rerun()
    table = comparison.standing(runs).reset_index()
    table.insert(0, " ", "●")
    marked = table.style.apply(lambda _: [f"color: {run.color}" for run in runs], subset=[" "])
    losses = [quantity.title for quantity in comparison.QUANTITIES if quantity.title in table]
    number, loss = st.column_config.NumberColumn, "Mean over the last 50 iterations."
    st.dataframe(
        marked,
        hide_index=True,
        height="content",
        key="compare-standing",
        placeholder=comparison.NO_VALUE,
        alt="State, position, speed and last losses of each run",
        column_config={
            " ": st.column_config.TextColumn("Line", pinned=True, width=56),
            "Run": st.column_config.TextColumn(pinned=True),
            "Iteration": number(format="localized"),
            "Epoch": number(format="%.2f"),
            "it/s": number(format="%.1f"),
            "Elapsed": number(format="compact"),
            **{title: number(format="%.4g", help=loss) for title in losses},
        },
    )


def _differences(runs: Sequence[Compared]) -> None:
    st.subheader("What differs", anchor=False)
    table = comparison.differing_settings({run.name: run.config for run in runs})
    if table.empty:
        st.caption("All settings are the same." if len(runs) > 1 else "Choose another run to see what differs.")
        return
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        height="content",
        key="compare-differences",
        alt="Settings that are not equal in all runs",
        column_config={"Setting": st.column_config.TextColumn(pinned=True, width=180)},
    )


main()
