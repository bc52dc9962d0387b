"""Runs side by side: curves over one another, samples from the same z, what differs, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import address, comparison
from dashboard.chart_options import chart_options
from dashboard.comparison import Compared
from dashboard.cross_score_card import cross_score_card
from dashboard.curves import curve_board
from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.gallery_wall import Picked, gallery_wall, wall_column
from dashboard.image_story import image_story
from dashboard.linked import linked_selectbox, linked_toggle, linked_whole_number
from dashboard.notes import folded_notes
from dashboard.parallel import FEWEST_AXES, coordinates, parallel_figure
from dashboard.prints import figure_buttons, parallel_lines
from dashboard.quantities import Quantity
from dashboard.report_card import report_card
from dashboard.run_colors import run_look
from dashboard.run_names import given_names
from dashboard.run_picker import pick_runs
from dashboard.watch import watch_runs
from gancore.errors import GanCoreError
from gancore.i18n import N_, _
from gancore.run_words import short_names

REFRESH_S = 2.0
CHARTS_FIRST_S = 0.8
SAMPLES_EVERY_S = 3.0
# Runs that are chosen until somebody chooses.
AT_FIRST = 2
TRAIN_PAGE = Path(__file__).with_name("train.py")
NO_BASELINE = "none"


def main() -> None:
    """The page."""
    there = manager().runs()
    watch_runs(there)
    known = [run.id for run in there]
    if not known:
        _empty()
        return
    trained = [run.id for run in there if run.status().iteration] or known
    chosen = pick_runs(known, "runs", trained[:AT_FIRST])
    if len(known) == 1:
        st.info(
            _("There is one run so far; with a second one there is something to compare."), icon=":material/info:"
        )
        st.page_link(TRAIN_PAGE, label=_("Train another"), icon=":material/play_circle:")
    if not chosen:
        st.info(_("Choose runs above."), icon=":material/arrow_upward:")
        return
    runs = _read(chosen)
    live = any(run.status.state.is_live for run in runs)
    _curves(runs, live)
    _charts_first()
    st.subheader(_("Samples from the same z"), anchor=False)
    fragment(_samples, run_every=SAMPLES_EVERY_S if live else None)(chosen)
    cross_score_card([run.run for run in runs], {run.id: run.name for run in runs})
    st.subheader(_("Results"), anchor=False)
    fragment(_results, run_every=REFRESH_S if live else None)(chosen, live, comparison.logged(runs))
    _differences(runs)
    _coordinates(runs)
    report_card([run.run for run in runs], {run.id: run.name for run in runs})


def _empty() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown(_("#### Nothing to compare yet"))
        st.markdown(_("Start two or more presets at once on the Train page; they appear here while they train."))
        st.page_link(TRAIN_PAGE, label=_("Train"), icon=":material/play_circle:")


def _read(chosen: Sequence[str]) -> list[Compared]:
    runs = [manager().get(run_id) for run_id in chosen]
    names = short_names({run.id: run.config for run in runs}, given_names(runs))
    return [Compared.read(run, names[run.id], run_look(run.id)) for run in runs]


def _charts_first() -> None:
    """Wait once a visit for a browser to draw the charts, before it gets what is below them.

    It would else draw the tables first, as their code is Streamlit's own, and the charts after them
    (docs/performance.md).
    """
    if "compare.opened" not in st.session_state:
        st.session_state["compare.opened"] = True
        time.sleep(CHARTS_FIRST_S)


@fragment
def _curves(runs: Sequence[Compared], live: bool) -> None:
    """The board; a fragment, so that another axis or smoothing redraws nothing else, and reads nothing."""
    seeds = comparison.seed_groups(runs)
    options, row = chart_options()
    with row:
        names = {NO_BASELINE: _("none"), **{run.id: run.name for run in runs}}
        baseline = linked_selectbox(
            _("Baseline"),
            list(names),
            format_func=lambda name: names.get(name, name),
            key="baseline",
            width=210,
            help=_("Curves become differences to this run's."),
        )
        bands = linked_toggle(
            _("Seeds as bands"),
            key="bands",
            disabled=not seeds,
            help=_("Runs that differ by seed alone become their mean and the range between them.")
            if seeds
            else _("Needs two or more runs that differ by seed alone."),
        )
    panels = comparison.panels(runs, options.groups)
    if not panels:
        st.info(_("Choose which charts to show above."), icon=":material/arrow_upward:")
        return
    curve_board(
        panels,
        key="compare",
        x_axis=options.x_axis,
        smoothing=options.smoothing,
        log_y=options.log_y,
        clip=options.clip,
        baseline="" if baseline == NO_BASELINE else baseline,
        runs=comparison.labels(runs),
        bands=seeds if bands else (),
        forks=comparison.forks(runs),
        live=live,
        columns=2,
        framed=True,
        label=_("Curves of all chosen runs"),
    )
    folded_notes([line.column for panel in panels for line in panel.lines], "compare")


def _samples(chosen: Sequence[str]) -> None:
    """The wall of samples, and the story of the one that was picked; both are in the page's address."""
    try:
        runs = _read(chosen)
    except GanCoreError:
        st.rerun()  # a run was deleted: the page leaves it out
    seed = linked_whole_number(
        _("z from seed"),
        0,
        2**32 - 1,
        0,
        key="z",
        width=180,
        help=_("Every run draws from the same random numbers; another seed, other samples."),
    )
    names, colors = {run.id: run.name for run in runs}, {run.id: run.look.color for run in runs}
    columns = [wall_column(run.run, run.name, run.look.color, seed) for run in runs]
    wall = gallery_wall(columns, key="compare-wall", seed=seed, percent=_linked_percent(), picked=_linked_tile())
    address.write("at", [f"{wall.percent:g}"], unsaid=["100"])
    address.write("tile", [",".join(map(str, wall.picked))] if wall.picked else [])
    if wall.picked:
        image_story(wall.picked, [run.run for run in runs], names, colors, seed=seed)


def _linked_percent() -> float | None:
    try:
        return float("".join(address.said("at")))
    except ValueError:
        return None


def _linked_tile() -> Picked | None:
    run, _, place = "".join(address.said("tile")).partition(",")
    try:
        percent, tile = place.split(",")
        return Picked(run, float(percent), int(tile))
    except ValueError:
        return None


def _results(chosen: Sequence[str], was_live: bool, shown: set[tuple[str, Quantity]]) -> None:
    try:
        runs = _read(chosen)
    except GanCoreError:
        st.rerun()  # a run was deleted: the page leaves it out
    ended = not any(run.status.state.is_live for run in runs)
    if was_live and (ended or comparison.logged(runs) - shown):
        st.rerun()  # the whole page once, so that nothing refreshes any more, or what is measured now has its chart
    table = comparison.results(runs).reset_index()
    # Behind the name, as Streamlit draws what is pinned in paler colours.
    table.insert(1, " ", [run.look.mark for run in runs])
    marked = table.style.apply(lambda _: [f"color: {run.look.color}" for run in runs], subset=[" "])
    number = st.column_config.NumberColumn
    numbers = [title for title in table.columns if "loss" in title or "live" in title or "evaluated" in title]
    st.dataframe(
        marked,
        hide_index=True,
        height="content",
        key="compare-results",
        placeholder=comparison.NO_VALUE,
        alt=_("State, position, speed, last losses and quality of each run"),
        column_config={
            "Run": st.column_config.TextColumn(_("Run"), pinned=True),
            "State": st.column_config.TextColumn(_("State")),
            " ": st.column_config.TextColumn(_("Line"), width=56),
            "Iteration": number(_("Iteration"), format="localized"),
            "Images seen": number(_("Images seen"), format="localized"),
            "Epoch": number(_("Epoch"), format="%.2f"),
            "it/s": number(_("it/s"), format="%.1f"),
            "Elapsed": number(_("Elapsed"), format="compact"),
            **{
                title: number(comparison.column_title(title), format="%.4g", help=_origin(title)) for title in numbers
            },
        },
    )


def _origin(title: str) -> str:
    if title.endswith("live"):
        return _("The last value that was measured while it trained, from few samples.")
    return (
        _("What the Ranking page found.") if title.endswith("evaluated") else _("Mean over the last 50 iterations.")
    )


def _differences(runs: Sequence[Compared]) -> None:
    st.subheader(_("What differs"), anchor=False)
    table = comparison.differing_settings({run.name: run.config for run in runs})
    if table.empty:
        same = _("All settings are the same.")
        st.caption(same if len(runs) > 1 else _("Choose another run to see what differs."))
        return
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        height="content",
        key="compare-differences",
        alt=_("Settings that are not equal in all runs"),
        column_config={"Setting": st.column_config.TextColumn(_("Setting"), pinned=True, width=180)},
    )


@fragment
def _coordinates(runs: Sequence[Compared]) -> None:
    table = coordinates(runs, comparison.results(runs))
    if len(runs) < 2 or table.shape[1] < FEWEST_AXES:
        return
    # Drawn once it is open: Streamlit's own Plotly takes a browser as long as the rest of the page.
    title, icon = _("Settings and results as parallel coordinates"), ":material/stacked_line_chart:"
    card = st.expander(title, icon=icon, key="coordinates-card", on_change="rerun")
    if not card.open:
        return
    with card:
        st.caption(
            _("Each line is a run. Drag along an axis to keep the runs within; drag a title to move its axis.")
        )
        with st.container(key="compare-coordinates"):
            st.plotly_chart(parallel_figure(runs, table), width="content", key="coordinates")
        with st.container(horizontal=True, gap="small"):
            _coordinate_files(runs, table)
        folded_notes(["coordinates"], "coordinates", N_("What does this chart say?"))


def _coordinate_files(runs: Sequence[Compared], table: pd.DataFrame) -> None:
    looks = [run.look for run in runs]
    lines = parallel_lines(table, [look.color for look in looks], [look.dash for look in looks])
    figure_buttons("coordinates", lines, (2.0 + 1.1 * table.shape[1], 4.5))
    st.download_button(
        "CSV",
        table.to_csv(),
        "ganscope-coordinates.csv",
        "text/csv",
        key="coordinates-csv",
        icon=":material/download:",
        on_click="ignore",
    )


main()
