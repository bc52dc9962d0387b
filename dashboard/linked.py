"""Streamlit's widgets whose choice stands in the page's address, whatever language they are shown in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import address


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
    news = address.asked(key)
    found = [name for name in options if name in (news or []) or format_func(name) in (news or [])]
    if found or news == []:
        st.session_state[key] = found[0] if found else options[0]
    chosen: str = st.selectbox(label, options, format_func=format_func, key=key, persist_state="session", **others)
    address.write(key, [chosen], unsaid=[options[0]])
    return chosen


def linked_pills(label: str, options: Sequence[str], *, key: str, default: Sequence[str], **others: Any) -> list[str]:
    """A row of choices of which any number is chosen; an address without the key means ``default``."""
    news = address.asked(key)
    if news is not None:
        known = [name for name in news if name in options]
        st.session_state[key] = known if known or news == [""] else list(default)
    st.session_state.setdefault(key, list(default))
    chosen: list[str] = st.pills(label, options, selection_mode="multi", key=key, persist_state="session", **others)
    address.write(key, chosen or [""], unsaid=default)
    return chosen


def linked_multiselect(label: str, options: Sequence[str], *, key: str, **others: Any) -> list[str]:
    """A menu of any number of choices; an address without the key means none."""
    news = address.asked(key)
    if news is not None:
        st.session_state[key] = news
    st.session_state[key] = [name for name in st.session_state.get(key, []) if name in options]
    chosen: list[str] = st.multiselect(label, options, key=key, persist_state="session", **others)
    address.write(key, chosen)
    return chosen


def linked_toggle(label: str, *, key: str, **others: Any) -> bool:
    """A switch; an address without the key means off."""
    news = address.asked(key)
    if news is not None:
        st.session_state[key] = news == ["true"]
    chosen: bool = st.toggle(label, key=key, persist_state="session", **others)
    address.write(key, ["true"] if chosen else [])
    return chosen


def linked_slider(
    label: str, low: float, high: float, default: float, step: float, *, key: str, **others: Any
) -> float:
    """A slider; an address without the key, or with what is no number in its range, means ``default``."""
    _take_number(key, low, high, default, float)
    chosen: float = st.slider(label, low, high, step=step, key=key, persist_state="session", **others)
    address.write(key, [f"{chosen:g}"], unsaid=[f"{default:g}"])
    return chosen


def linked_whole_number(label: str, low: int, high: int, default: int, *, key: str, **others: Any) -> int:
    """A field for a whole number; an address without the key, or with none in its range, means ``default``."""
    _take_number(key, low, high, default, int)
    chosen: int = st.number_input(label, low, high, key=key, persist_state="session", **others)
    address.write(key, [str(chosen)], unsaid=[str(default)])
    return chosen


def linked_text(label: str, *, key: str, **others: Any) -> str:
    """A field for text; an address without the key means none."""
    news = address.asked(key)
    if news is not None:
        st.session_state[key] = "".join(news[-1:])
    text: str = st.text_input(label, key=key, persist_state="session", **others)
    address.write(key, [text] if text else [])
    return text


def _take_number(key: str, low: float, high: float, default: float, read: Callable[[str], float]) -> None:
    """Set a widget to what the address asks for."""
    st.session_state.setdefault(key, default)
    news = address.asked(key)
    if news is None:
        return
    try:
        value = read("".join(news[-1:]))
    except ValueError:
        value = default
    st.session_state[key] = value if low <= value <= high else default
