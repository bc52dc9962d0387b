"""The search box and the filters of a list of runs; all of it stands in the page's address."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.linked import linked_multiselect, linked_text
from gancore.i18n import _
from gancore.library import Search, facts_of
from gancore.run import Run
from gancore.status import RunState

FEWEST = 2
"""Runs from which on there is something to filter."""


def run_filters(runs: Sequence[Run]) -> list[Run]:
    """Draw them over ``runs`` and return the runs that fit, in the order given."""
    if len(runs) < FEWEST:
        return list(runs)
    facts = {run.id: facts_of(run) for run in runs}
    found = list(facts.values())
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="run-filters"):
        text = linked_text(
            _("Search"),
            key="search",
            icon=":material/search:",
            placeholder=_("name, note, tag, id …"),
            width=220,
            help=_("All words have to be found in a run's name, note, tags, id, preset, family or data set."),
        )
        wanted = Search(
            text,
            family=_menu(_("Family"), "family", {fact.family for fact in found}),
            preset=_menu(_("Preset"), "preset", {fact.preset for fact in found}),
            data=_menu(_("Data set"), "data", {fact.data for fact in found}),
            state=_menu(_("State"), "state", {fact.state for fact in found}),
            tag=_menu(_("Tag"), "tag", {tag for fact in found for tag in fact.tags}),
        )
    return [run for run in runs if wanted.fits(facts[run.id])]


def _menu(label: str, name: str, options: set[str]) -> list[str]:
    if not options:  # there is nothing to choose
        return []
    return linked_multiselect(
        label,
        sorted(options, key=str.casefold),
        key=name,
        format_func=_title_of_state if name == "state" else str,
        placeholder=_("all"),
        select_all=False,
        width=148,
    )


def _title_of_state(state: str) -> str:
    return RunState(state).words
