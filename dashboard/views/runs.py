"""Every run there is: search, filters, and all that can be done with the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from dashboard import address
from dashboard.add_run_card import add_run_card, imported_notice
from dashboard.chart_options import chart_options
from dashboard.downloads import downloads
from dashboard.engine import manager
from dashboard.faults import fragment, sentence
from dashboard.label_fields import label_fields
from dashboard.palette import STATE_COLORS
from dashboard.report_card import report_card
from dashboard.run_actions import deleted_notice, disk_row, run_actions
from dashboard.run_card import run_card
from dashboard.run_colors import run_look
from dashboard.run_facts import COLUMNS, run_table
from dashboard.run_filters import run_filters
from dashboard.run_names import display_name, in_markdown
from dashboard.sample_set_card import sample_set_card
from dashboard.trash_card import trash_card
from dashboard.watch import watch_runs
from gancore.errors import GanCoreError
from gancore.i18n import N_, _
from gancore.library import can_change, labels_of
from gancore.run import Run
from gancore.run_words import settings_of
from gancore.status import RunState

REFRESH_S = 2.0
# Ten rows; more scroll, so that what follows stays where it is.
TABLE_HEIGHT_PX = 387
TABLE, CHOSEN = "runs.table", "runs.chosen"
LINE = N_("Line")
TRAIN_PAGE = Path(__file__).with_name("train.py")


def main() -> None:
    """The page."""
    runs, damaged = manager().survey()
    imported_notice()
    for problem in damaged.values():
        st.warning(_("Left out: {problem}.", problem=problem), icon=":material/warning:")
    deleted_notice(_choose)
    if runs:
        asked = _asked([run.id for run in runs])
        _list(runs, asked)
        try:
            _details(manager().get(asked), runs)
        except GanCoreError as error:
            _unknown(str(error))
    else:
        _empty()
    add_run_card(runs, _choose)
    trash_card()
    watch_runs(runs)


def _empty() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown(_("#### No runs yet"))
        st.markdown(_("Whatever you train is kept here: curves, galleries and weights."))
        st.page_link(TRAIN_PAGE, label=_("Train"), icon=":material/play_circle:")


def _unknown(message: str) -> None:
    with st.container(border=True, key="unknown-run"):
        st.markdown(_("#### This run cannot be shown"))
        st.markdown(_("It may have been deleted, or the link comes from another computer."))
        st.caption(sentence(message))
        if st.button(_("Show the newest run"), icon=":material/arrow_back:", key="show-newest"):
            _choose(None)
            st.rerun()


def _asked(known: Sequence[str]) -> str:
    """The chosen run's id: what the URL was changed to, else the last choice, else the newest run."""
    if linked := address.asked("run"):
        st.session_state[CHOSEN] = linked[-1]
    elif st.session_state.get(CHOSEN) not in known:
        st.session_state[CHOSEN] = known[0]
    asked: str = st.session_state[CHOSEN]
    address.write("run", [asked])
    return asked


def _choose(run_id: str | None) -> None:
    """Make a run the chosen one; None: the newest. The URL follows when the page is drawn."""
    st.session_state[CHOSEN] = run_id


def _list(runs: Sequence[Run], asked: str) -> None:
    shown = run_filters(runs)
    if shown:
        live = any(run.status().state.is_live for run in runs)
        drawn = ([run.id for run in runs], asked, live)
        fragment(_table, run_every=REFRESH_S if live else None)([run.id for run in shown], drawn)
    else:
        st.info(_("No run fits this search."), icon=":material/filter_alt:")


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
        alt=_("All runs, newest first"),
        column_config=_columns(),
    )


def _marked(runs: Sequence[Run]) -> Styler:
    """The table of runs with a piece of each run's line before it."""
    looks = [run_look(run.id) for run in runs]
    table = run_table(runs)
    table["State"] = [[RunState(state).words for state in states] for states in table["State"]]
    table.insert(0, LINE, [look.mark for look in looks])
    return table.style.apply(lambda _row: [f"color: {look.color}" for look in looks], subset=[LINE])


def _select() -> None:
    """Row number -> run id, by the order the reader saw; a second click on a row leaves it chosen."""
    rows = st.session_state[TABLE]["selection"]["rows"]
    order = st.session_state.get("runs.order", [])
    if rows and rows[0] < len(order):
        _choose(order[rows[0]])


def _columns() -> dict[str, Any]:
    config = st.column_config
    states = list(RunState)
    titles = {name: config.Column(_(name)) for name in COLUMNS}
    return titles | {
        LINE: config.TextColumn(_(LINE), pinned=True, width=64, help=_("How this run is drawn, on every page.")),
        "State": config.MultiselectColumn(
            _("State"),
            options=[state.words for state in states],
            color=[STATE_COLORS[state] for state in states],
            pinned=True,
        ),
        "Progress": config.ProgressColumn(_("Progress"), format="%d %%", min_value=0, max_value=100),
        "Name": config.TextColumn(_("Name"), width="medium"),
        "Tags": config.ListColumn(_("Tags"), width="medium"),
        "Seed": config.NumberColumn(_("Seed"), format="plain"),
        "Iterations": config.NumberColumn(_("Iterations"), format="localized"),
        "Elapsed": config.NumberColumn(_("Elapsed"), format="compact"),
        "Disk": config.NumberColumn(_("Disk"), format="%.1f MB"),
        "Started": config.DatetimeColumn(_("Started"), format=_("D MMM YYYY, HH:mm")),
    }


def _details(run: Run, runs: Sequence[Run]) -> None:
    """The chosen run, a card after the other; one more is one more line here."""
    sections: list[Callable[[], None]] = [
        lambda: _manage(run, runs),
        lambda: run_card(run.id, chart_options()[0]),
        lambda: _downloads(run),
        lambda: sample_set_card(run),
        lambda: report_card([run]),
        lambda: _configuration(run),
    ]
    for section in sections:
        section()


def _manage(run: Run, runs: Sequence[Run]) -> None:
    """What a person says of a run and does with it; of a shipped one nothing can be changed."""
    with st.container(border=True, key="manage"):
        st.caption(in_markdown(f"{display_name(run)} · {run.id}"))
        if can_change(run):
            label_fields(run, [tag for each in runs for tag in labels_of(each.folder).tags])
        run_actions(run)
        disk_row(run)


def _downloads(run: Run) -> None:
    with st.container(border=True):
        st.markdown(_("**Downloads**"))
        downloads(run)


def _configuration(run: Run) -> None:
    with st.expander(_("Configuration"), icon=":material/tune:"):
        settings = settings_of(run.config)
        st.table(
            pd.DataFrame({"Setting": [_(s.title) for s in settings], "Value": [s.text for s in settings]}),
            border="horizontal",
            hide_index=True,
            hide_header=True,
        )


main()
