"""The page's language: the visitor's choice, else the browser's; a button in the header changes it."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gancore import i18n

COOKIE = "ganscope_language"
_CHOSEN, _LINKED = "language.chosen", "language.linked"


def follow_visitor() -> None:
    """Have every message follow the visitor that a script runs for."""
    i18n.add_catalogues(Path(__file__).with_name("locale"))
    i18n.ask_for_language(_of_visitor)


def language_button() -> None:
    """One click to the other language; takes its place in the header. The choice is kept in a cookie."""
    linked = st.query_params.get("lang")
    if linked and linked != st.session_state.get(_LINKED):
        st.session_state[_LINKED] = linked
        st.session_state[_CHOSEN] = i18n.best_language([linked])
    now = i18n.language()
    other = next(code for code in i18n.LANGUAGES if code != now)
    # The browser picks Chinese glyphs, hyphenation and a voice by the document's language.
    script = f"document.documentElement.lang = {json.dumps(now.replace('_', '-'))};"
    if _CHOSEN in st.session_state:
        script += f"document.cookie = {json.dumps(f'{COOKIE}={now}; path=/; max-age=31536000; samesite=lax')};"
    with st.container(key="language"):
        st.button(i18n.LANGUAGES[other], key="language.switch", type="tertiary", on_click=_choose, args=(other,))
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def _choose(code: str) -> None:
    st.session_state[_CHOSEN] = code


def _of_visitor() -> str | None:
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    chosen: str | None = st.session_state.get(_CHOSEN)
    if chosen is None:
        kept = st.context.cookies.get(COOKIE)
        chosen = i18n.best_language([kept or st.context.locale or ""])
    return chosen
