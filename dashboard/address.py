"""What is chosen on a page, in the page's address: a link to it brings all of it back, and Back undoes a choice.

A browser sends its address with each click as it was at that click, which may be before the last change made here
has reached it; Streamlit's ``bind="query-params"`` and ``st.query_params`` then undo that change. So the address is
read when a visitor comes to the page or steps back in it, and from then on only written.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_WRITTEN = "address.written"


def asked(name: str) -> list[str] | None:
    """What a followed link or a step back asks for; None where neither does.

    After a step back, an empty list asks for what an address without the name means.
    """
    there = st.query_params.get_all(name)
    context = get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        return there
    return None if name in _written() else there or None


def said(name: str) -> list[str]:
    """What the address says by now, whatever the browser says that it does."""
    news = asked(name)
    return _written().get(name, []) if news is None else news


def write(name: str, values: Sequence[str], unsaid: Sequence[str] = ()) -> None:
    """Put a choice into the address.

    Args:
        name: of the choice.
        values: none: the name is left out.
        unsaid: what an address without the name means; left out too.
    """
    wanted = [] if list(values) == list(unsaid) else list(values)
    # Each change sends the whole address to the browser, and is one more step for its Back to undo.
    if wanted != st.query_params.get_all(name) or wanted != _written().get(name, wanted):
        if wanted:
            st.query_params[name] = wanted
        else:
            st.query_params.pop(name, None)
    _written()[name] = wanted


def forget() -> None:
    """Have the address read anew: a link to the page that it stands on is about to be followed."""
    _written().clear()


def _written() -> dict[str, list[str]]:
    """What this visit to the page has put into its address so far."""
    context = get_script_run_ctx()
    page = None if context is None else context.page_script_hash
    visited, written = st.session_state.get(_WRITTEN, (None, {}))
    if visited != page:
        visited, written = page, {}
        st.session_state[_WRITTEN] = (visited, written)
    return written
