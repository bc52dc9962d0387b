"""Start runs, and watch those that train: each on a card, the waiting ones in their queue."""

from __future__ import annotations

import streamlit as st

from dashboard.branch_panel import branch_panel
from dashboard.chart_options import chart_options
from dashboard.engine import manager
from dashboard.first_visit import first_visit
from dashboard.new_run import new_run
from dashboard.queue_card import queue_card
from dashboard.run_card import run_card
from dashboard.watch import watch_runs
from gancore.i18n import _
from gancore.run import Run
from gancore.status import RunState

# Live runs are all shown; ended ones fill up to this many cards.
CARDS = 4


def main() -> None:
    """The page."""
    # What comes and goes has a place of its own: else all below it would be drawn anew, and twice meanwhile.
    with st.container():
        first_visit()
    with st.container(border=True, key="new-run"):
        new_run()
    with st.container():
        branch_panel()
    runs = manager().runs()
    states = {run.id: run.status().state for run in runs}
    with st.container():
        queue_card(any(run.is_mine for run in runs))
    live = [run for run in runs if states[run.id].is_live and states[run.id] is not RunState.QUEUED]
    # One that was taken out of the queue has nothing to show.
    ended = [run for run in runs if not states[run.id].is_live and not _is_blank(run)][: max(0, CARDS - len(live))]
    shown = [run for run in runs if run in live or run in ended]
    if not shown:
        st.info(_("No runs yet: press Start. The bundled digits need no download."), icon=":material/play_circle:")
    else:
        options = chart_options()[0]
        in_row = min(2, len(shown))
        for start in range(0, len(shown), in_row):
            for column, run in zip(st.columns(in_row), shown[start : start + in_row], strict=False):
                with column:
                    run_card(run.id, options)
        if len(runs) > len(shown):
            st.page_link("views/runs.py", label=_("All {count} runs", count=len(runs)), icon=":material/list:")
    watch_runs(runs)


def _is_blank(run: Run) -> bool:
    status = run.status()
    return status.state is RunState.STOPPED and not run.galleries()


main()
