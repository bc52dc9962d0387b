"""Menus whose choice stands in the page's address, by its English name whatever language they are shown in.

Streamlit's own ``bind="query-params"`` writes what an option is called on the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def linked_selectbox(
    label: str, options: Sequence[str], *, key: str, format_func: Callable[[str], str], **others: Any
) -> str:
    """A menu of one choice; the first option is the one that an address without the key means.

    Args:
        label: what the page calls it.
        options: as they stand in the address; an address written by hand may have what the page calls one.
        key: of the widget, and in the address.
        format_func: what the page calls an option.
        others: of ``st.selectbox``.
    """
    news = _news(key)
    if asked := [name for name in options if name in news or format_func(name) in news]:
        st.session_state[key] = asked[0]
    chosen: str = st.selectbox(label, options, format_func=format_func, key=key, persist_state="session", **others)
    _write(key, [] if chosen == options[0] else [chosen])
    return chosen


def linked_pills(label: str, options: Sequence[str], *, key: str, default: Sequence[str], **others: Any) -> list[str]:
    """A row of choices of which any number is chosen; an address without the key means ``default``."""
    news = _news(key)
    asked = [name for name in news if name in options]
    if asked or news == [""]:
        st.session_state[key] = asked
    st.session_state.setdefault(key, list(default))
    chosen: list[str] = st.pills(label, options, selection_mode="multi", key=key, persist_state="session", **others)
    _write(key, [] if chosen == list(default) else chosen or [""])
    return chosen


def linked_multiselect(label: str, options: Sequence[str], *, key: str, **others: Any) -> list[str]:
    """A menu of any number of choices; an address without the key means none."""
    if asked := [name for name in _news(key) if name in options]:
        st.session_state[key] = asked
    st.session_state[key] = [name for name in st.session_state.get(key, []) if name in options]
    chosen: list[str] = st.multiselect(label, options, key=key, persist_state="session", **others)
    _write(key, chosen)
    return chosen


def _news(key: str) -> list[str]:
    """What the address says where it was not written here: a link that was followed, or a step back."""
    asked = st.query_params.get_all(key)
    return [] if asked == st.session_state.get(f"{key}.written", []) else asked


def _write(key: str, values: list[str]) -> None:
    if st.query_params.get_all(key) != values:  # each change sends the whole address to the browser
        st.query_params[key] = values
    st.session_state[f"{key}.written"] = values
