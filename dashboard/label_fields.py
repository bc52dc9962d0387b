"""A run's name, tags and note, saved as they are entered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.faults import sentence
from gancore.errors import GanCoreError
from gancore.i18n import _
from gancore.library import LONGEST_NAME, LONGEST_NOTE, label, labels_of
from gancore.run import Run

_PROBLEM = "label-fields.problem"


def label_fields(run: Run, known_tags: Sequence[str]) -> None:
    """Three fields; each is kept with the run when it is left.

    Args:
        known_tags: on other runs, which are offered.
    """
    labels = labels_of(run.folder)
    keys = {name: f"{name}-{run.id}" for name in ("name", "tags", "note")}
    # What another tab or the command line has changed meanwhile is what stands here.
    st.session_state[keys["name"]] = labels.name
    st.session_state[keys["tags"]] = list(labels.tags)
    st.session_state[keys["note"]] = labels.note
    name, tags, note = st.columns([2, 2, 3])
    name.text_input(
        _("Name"),
        key=keys["name"],
        max_chars=LONGEST_NAME,
        placeholder=run.config.preset,
        on_change=_save,
        args=(run, "name"),
        help=_("What the run is called on every page; its id stays."),
    )
    tags.multiselect(
        _("Tags"),
        sorted({*known_tags, *labels.tags}, key=str.casefold),
        key=keys["tags"],
        accept_new_options=True,
        placeholder=_("Type a tag and press Enter"),
        select_all=False,
        on_change=_save,
        args=(run, "tags"),
    )
    note.text_area(
        _("Note"),
        key=keys["note"],
        height=68,
        max_chars=LONGEST_NOTE,
        placeholder=_("What to remember of this run"),
        on_change=_save,
        args=(run, "note"),
    )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(problem, icon=":material/error:")


def _save(run: Run, field: str) -> None:
    value: Any = st.session_state[f"{field}-{run.id}"]
    try:
        label(run.folder, **{field: value})
    except GanCoreError as error:
        st.session_state[_PROBLEM] = sentence(error)
