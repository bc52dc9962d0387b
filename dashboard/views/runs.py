"""Every run there is, and all that can be done with the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from dashboard.chart_options import chart_options
from dashboard.downloads import downloads
from dashboard.engine import manager
from dashboard.faults import fragment, sentence
from dashboard.palette import STATE_COLORS
from dashboard.run_card import run_card
from dashboard.run_colors import run_look
from dashboard.run_facts import longer_plan, run_table, settings_of
from gancore.config import Length
from gancore.errors import GanCoreError
from gancore.run import Run
from gancore.status import RunState

REFRESH_S = 2.0
# With fewer runs the table is its own overview.
FILTER_FROM = 9
# Ten rows; more scroll, so that what follows stays where it is.
TABLE_HEIGHT_PX = 387
TABLE, CHOSEN, WRITTEN, ERROR = "runs.table", "runs.chosen", "runs.in-url", "runs.error"
LINE = "Line"
TRAIN_PAGE = Path(__file__).with_name("train.py")


def main() -> None:
    """The page."""
    runs, damaged = manager().survey()
    for problem in damaged.values():
        st.warning(f"Left out: {problem}.", icon=":material/warning:")
    if not runs:
        _empty()
        return
    shown = _filtered(runs)
    asked = _asked([run.id for run in runs])
    if shown:
        live = any(run.status().state.is_live for run in runs)
        drawn = ([run.id for run in runs], asked, live)
        fragment(_table, run_every=REFRESH_S if live else None)([run.id for run in shown], drawn)
    else:
        st.info("No run fits this filter.", icon=":material/filter_alt:")
    try:
        _details(manager().get(asked))
    except GanCoreError as error:
        _unknown(str(error))


def _empty() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown("#### No runs yet")
        st.markdown("Whatever you train is kept here: curves, galleries and weights.")
        st.page_link(TRAIN_PAGE, label="Train", icon=":material/play_circle:")


def _unknown(message: str) -> None:
    with st.container(border=True, key="unknown-run"):
        st.markdown("#### This run cannot be shown")
        st.markdown("It may have been deleted, or the link comes from another computer.")
        st.caption(sentence(message))
        if st.button("Show the newest run", icon=":material/arrow_back:"):
            _choose(None)
            st.rerun()


def _asked(known: Sequence[str]) -> str:
    """The chosen run's id: what the URL was changed to, else the last choice, else the newest run."""
    linked = st.query_params.get("run")
    if linked and linked != st.session_state.get(WRITTEN):
        st.session_state[CHOSEN] = linked
    elif st.session_state.get(CHOSEN) not in known:
        st.session_state[CHOSEN] = known[0]
    asked: str = st.session_state[CHOSEN]
    st.query_params["run"] = st.session_state[WRITTEN] = asked
    return asked


def _choose(run_id: str | None) -> None:
    """Make a run the chosen one; None: the newest. The URL follows when the page is drawn."""
    st.session_state[CHOSEN] = run_id
    st.session_state.pop(ERROR, None)


def _filtered(runs: Sequence[Run]) -> list[Run]:
    if len(runs) < FILTER_FROM:
        return list(runs)
    facts = {run.id: (run.config.preset, Path(run.config.data).name, str(run.status().state)) for run in runs}
    with st.container(horizontal=True, gap="small"):
        wanted = [
            st.multiselect(
                label,
                sorted({found[index] for found in facts.values()}),
                key=f"runs.filter.{label}",
                persist_state="session",
                placeholder="all",
                select_all=False,
                width=168,
            )
            for index, label in enumerate(("Preset", "Data set", "State"))
        ]
    return [
        run
        for run in runs
        if all(not chosen or value in chosen for chosen, value in zip(wanted, facts[run.id], strict=True))
    ]


def _table(run_ids: Sequence[str], drawn: tuple[list[str], str, bool]) -> None:
    """The runs ``run_ids``; ``drawn`` is what the page around the table was drawn for."""
    known = manager().runs()
    chosen = st.session_state[CHOSEN]
    if drawn != ([run.id for run in known], chosen, any(run.status().state.is_live for run in known)):
        st.rerun()
    runs = [run for run in known if run.id in run_ids]
    rows = [index for index, run in enumerate(runs) if run.id == chosen]
    selected = st.session_state.get(TABLE)
    if selected is not None and list(selected["selection"]["rows"]) != rows:
        st.session_state[TABLE] = {"selection": {"rows": rows}}
    st.session_state["runs.order"] = [run.id for run in runs]
    st.dataframe(
        _marked(runs),
        hide_index=True,
        height=min(TABLE_HEIGHT_PX, 35 * len(runs) + 37),
        key=TABLE,
        on_select=_select,
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
        alt="All runs, newest first",
        column_config=_columns(),
    )


def _marked(runs: Sequence[Run]) -> Styler:
    """The table of runs with a piece of each run's line before it."""
    looks = [run_look(run.id) for run in runs]
    table = run_table(runs)
    table.insert(0, LINE, [look.mark for look in looks])
    return table.style.apply(lambda _: [f"color: {look.color}" for look in looks], subset=[LINE])


def _select() -> None:
    """Row number -> run id, by the order the reader saw; a second click on a row leaves it chosen."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    order = st.session_state.get("runs.order", [])
    if rows and rows[0] < len(order):
        _choose(order[rows[0]])


def _columns() -> dict[str, Any]:
    config = st.column_config
    return {
        LINE: config.TextColumn(pinned=True, width=64, help="How this run is drawn, on every page."),
        "State": config.MultiselectColumn(
            options=[str(state) for state in RunState], color=[STATE_COLORS[state] for state in RunState], pinned=True
        ),
        "Progress": config.ProgressColumn(format="%d %%", min_value=0, max_value=100),
        "Seed": config.NumberColumn(format="plain"),
        "Iterations": config.NumberColumn(format="localized"),
        "Elapsed": config.NumberColumn(format="compact"),
        "Started": config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
    }


def _details(run: Run) -> None:
    state = run.status().state
    options, _ = chart_options()
    if error := st.session_state.get(ERROR):
        st.error(error, icon=":material/error:")
    run_card(run.id, options)
    if not state.is_live:
        _ended_actions(run, state)
    with st.container(border=True):
        st.markdown("**Downloads**")
        downloads(run)
    with st.expander("Configuration", icon=":material/tune:"):
        settings = settings_of(run.config)
        st.table(
            pd.DataFrame({"Setting": [s.title for s in settings], "Value": [s.text for s in settings]}),
            border="horizontal",
            hide_index=True,
            hide_header=True,
        )


def _ended_actions(run: Run, state: RunState) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        if state is RunState.FINISHED:
            text = st.text_input(
                "Train longer",
                value="+5ep",
                key=f"longer-{run.id}",
                width=200,
                help="How much more: +5ep (epochs), 500it (iterations), 60000img (images) or 60s.",
            )
            pressed = st.button("Train longer", key=f"train-longer-{run.id}", icon=":material/fast_forward:")
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("Delete this run with its curves, pictures and weights? There is no way back.")
            st.caption(run.id)
            if st.button("Delete for good", type="primary", key=f"delete-{run.id}"):
                _delete(run.id)
    if state is RunState.FINISHED:
        _train_longer(run, text, pressed)


def _train_longer(run: Run, text: str, pressed: bool) -> None:
    try:
        plan = longer_plan(run.status(), text)
    except ValueError as error:
        st.markdown(f":red[{str(error)[0].upper()}{str(error)[1:]}]")
        return
    st.caption(f"{Length(round(plan.amount, 2), plan.unit).describe()} in all.")
    if not pressed:
        return
    st.session_state.pop(ERROR, None)
    try:
        manager().resume(run.id, plan)
    except GanCoreError as error:
        st.session_state[ERROR] = str(error)
    st.rerun()


def _delete(run_id: str) -> None:
    try:
        manager().delete(run_id)
    except GanCoreError as error:
        st.session_state[ERROR] = str(error)
    else:
        _choose(None)
        st.toast(f"Deleted {run_id}.")
    st.rerun()


main()
