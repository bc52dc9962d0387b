"""Drawing a page anew when runs come, start or end: in another tab, on the command line, or by themselves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.run_names import given_name
from gancore.run import Run
from gancore.status import RunState

_EVERY_S = 2.0
Fingerprint = tuple[tuple[str, bool, bool, str], ...]


def watch_runs(drawn: Sequence[Run]) -> None:
    """Rerun the page once its runs are no longer those it was drawn from."""
    _watch(_fingerprint(drawn))


def _fingerprint(runs: Sequence[Run]) -> Fingerprint:
    """Which runs there are, which are live, which wait, and their names; shipped ones do not change."""
    states = ((run.id, run.status().state, given_name(run)) for run in runs if not run.is_shipped)
    return tuple((run_id, state.is_live, state is RunState.QUEUED, name) for run_id, state, name in states)


@fragment(run_every=_EVERY_S)
def _watch(drawn: Fingerprint) -> None:
    if _fingerprint(manager().runs()) != drawn:
        st.rerun()
