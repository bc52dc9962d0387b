"""Deleted runs: brought back, or removed for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import streamlit as st
from babel.dates import format_datetime

from dashboard.engine import manager
from dashboard.faults import sentence
from dashboard.run_names import in_markdown
from gancore import trash
from gancore.disk_use import freed_by_removing, size_text
from gancore.errors import GanCoreError
from gancore.i18n import _, locale, ngettext
from gancore.library import labels_of

_ERROR = "trash.error"


def trash_card() -> None:
    """An expander with what is in the trash; nothing where it is empty."""
    there = trash.trashed(manager().root)
    if not there:
        return
    size = size_text(freed_by_removing([each.path for each in there]))
    title = ngettext("Trash: {count} run, {size}", "Trash: {count} runs, {size}", len(there), size=size)
    with st.expander(title, icon=":material/delete:", key="trash"):
        for each in there:
            with st.container(horizontal=True, vertical_alignment="center", key=f"trashed-{each.path.name}"):
                when = format_datetime(datetime.fromtimestamp(each.at), _("d MMM, HH:mm"), locale=locale())
                name, room = labels_of(each.folder).name, size_text(each.bytes)
                called = f"**{in_markdown(name)}** · {in_markdown(each.id)}" if name else in_markdown(each.id)
                told = (
                    _(":gray[what was added to it, deleted {when} · {size}]", when=in_markdown(when), size=room)
                    if each.folder.is_shipped
                    else _(":gray[deleted {when} · {size}]", when=in_markdown(when), size=room)
                )
                st.markdown(f"{called}  \n{told}", width="stretch")
                st.button(
                    _("Restore"),
                    key=f"restore-{each.path.name}",
                    icon=":material/restore_from_trash:",
                    on_click=_restore,
                    args=(each.id, each.path),
                )
        with st.popover(_("Empty the trash"), icon=":material/delete_forever:"):
            st.markdown(
                ngettext(
                    "Remove {count} run for good? {size} comes free. There is no way back.",
                    "Remove {count} runs for good? {size} comes free. There is no way back.",
                    len(there),
                    size=size,
                )
            )
            st.button(
                _("Remove for good"),
                type="primary",
                key="empty-trash",
                on_click=_empty,
                args=([each.path for each in there],),
            )
        if error := st.session_state.pop(_ERROR, None):
            st.error(error, icon=":material/error:")


def _restore(run_id: str, path: Path) -> None:
    try:
        trash.restore(manager().root, run_id, path)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    else:
        st.toast(_("{run} is back.", run=run_id))


def _empty(shown: Sequence[Path]) -> None:
    """Those that the visitor saw; another's may have come since."""
    st.toast(_("{size} freed.", size=size_text(trash.empty(manager().root, shown))))
