"""Choosing runs on a page, with the choice in the URL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st
from babel.dates import format_datetime

from dashboard import address
from dashboard.engine import manager
from dashboard.run_names import given_name, given_names
from gancore.errors import GanCoreError
from gancore.i18n import N_, _, locale
from gancore.run import Run

TRAIN_PAGE = Path(__file__).parent / "views" / "train.py"


def pick_run(
    key: str = "run", label: str = N_("Run"), wanted: Callable[[Run], bool] = lambda _run: True
) -> Run | None:
    """A menu of the runs that have samples, newest first; without any, a card that leads to the Train page.

    The choice stays while the tab is open, and stands in the URL as ``?<key>=<run id>``, so it can be linked to.

    Args:
        key: of the menu, and the name in the URL; pages that share it share the choice.
        wanted: which runs the page can show.
    """
    runs = {run.id: run for run in manager().runs() if has_samples(run) and wanted(run)}
    if not runs:
        _nothing_yet()
        return None
    if asked := [name for name in address.asked(key) or [] if name in runs]:
        st.session_state[key] = asked[0]
    labels = run_labels(list(runs.values()))
    if st.session_state.get(key) in runs:  # sent anew, in case it has another name since
        st.session_state[key] = st.session_state[key]
    state = runs.get(st.session_state.get(key, ""), next(iter(runs.values()))).status().state
    chosen = st.selectbox(
        f"{_(label)} :gray[· {state.words}]",
        list(runs),
        format_func=labels.__getitem__,
        key=key,
        persist_state="session",
    )
    address.write(key, [chosen])
    return runs[chosen]


def pick_runs(known: Sequence[str], key: str, at_first: Sequence[str], most: int | None = None) -> list[str]:
    """A menu of several runs; returns the ids chosen.

    They are what the URL was changed to (``?runs=<id>&runs=<id>``), else the last choice, else ``at_first``.

    Args:
        known: ids on offer, newest first; of what was chosen, those that are gone are left out.
        key: of the menu.
        most: runs at once; None: any number.
    """
    names = given_names(manager().get(run_id) for run_id in known)
    if asked := address.asked("runs"):
        st.session_state[key] = asked[:most]
    st.session_state.setdefault(key, list(at_first)[:most])
    st.session_state[key] = [run_id for run_id in st.session_state[key] if run_id in known]
    chosen: list[str] = st.multiselect(
        _("Runs"),
        known,
        max_selections=most,
        format_func=lambda run_id: f"{names[run_id]} · {run_id}" if run_id in names else run_id,
        key=key,
        persist_state="session",
        placeholder=_("Type a preset, a data set or a date"),
        select_all=False,
        help=_("Newest first, at most {most}. The address of this page keeps the choice.", most=most)
        if most
        else _("Newest first. The address of this page keeps the choice."),
    )
    address.write("runs", chosen)
    return chosen


def has_samples(run: Run) -> bool:
    """Whether it has a milestone; a damaged run has none."""
    try:
        return bool(run.milestones())
    except (GanCoreError, ValueError, TypeError):
        return False


def run_labels(runs: Sequence[Run]) -> dict[str, str]:
    """Run id -> ``dcgan · digits · 19 Nov 14:03``, a given name first, each different from the others.

    A run keeps its label: the browser names its choice by the text it showed, so a state in it, or a new run that
    renames another, would have the menu fall back to the first run.

    Args:
        runs: newest first; of runs alike to the minute the later ones are numbered.
    """
    labels: dict[str, str] = {}
    alike: Counter[str] = Counter()
    for run in reversed(runs):
        started = format_datetime(datetime.fromtimestamp(run.status().created_at), _("d MMM HH:mm"), locale=locale())
        if run.is_shipped:
            started = str(_("shipped"))
        parts = (given_name(run), run.config.preset, Path(run.config.data).name, started)
        label = " · ".join(part for part in parts if part)
        alike[label] += 1
        labels[run.id] = label if alike[label] == 1 else f"{label} ({alike[label]})"
    return labels


def _nothing_yet() -> None:
    with st.container(border=True, key="no-runs"):
        st.markdown(_("#### No samples yet"))
        st.markdown(_("Train a run first: its samples are here at once."))
        st.page_link(TRAIN_PAGE, label=_("Train a run"), icon=":material/play_circle:")
