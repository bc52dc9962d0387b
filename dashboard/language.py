"""The page's language: the visitor's choice, else the browser's; a button in the header changes it."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard import address
from gancore import i18n
from gancore.i18n import _

COOKIE = "ganscope_language"
_CHOSEN, _FOUND = "language.chosen", "language.found"


def follow_visitor() -> None:
    """Have every message follow the visitor that a script runs for."""
    i18n.add_catalogues(Path(__file__).with_name("locale"))
    i18n.ask_for_language(_of_visitor)


def language_button() -> None:
    """One click to the other language; takes its place in the header. The choice is kept in a cookie."""
    if linked := address.asked("lang"):
        st.session_state[_CHOSEN] = i18n.best_language(linked)
    now = i18n.language()
    other = next(code for code in i18n.LANGUAGES if code != now)
    # The browser picks Chinese glyphs, hyphenation and a voice by the document's language.
    script = f"document.documentElement.lang = {json.dumps(now.replace('_', '-'))};"
    # Streamlit's own link past the header, for those who go by keyboard, is English.
    skip = json.dumps(_("Skip to main content"))
    script += f"document.querySelector('[data-testid=stSkipToContent]')?.replaceChildren({skip});"
    if _CHOSEN in st.session_state:
        script += f"document.cookie = {json.dumps(f'{COOKIE}={now}; path=/; max-age=31536000; samesite=lax')};"
    with st.container(key="language"):
        st.button(i18n.LANGUAGES[other], key="language.switch", type="tertiary", on_click=_choose, args=(other,))
        st.html(f"<script>{script}</script>", unsafe_allow_javascript=True)


def paragraph(sentences: Iterable[str]) -> str:
    """Sentences one after the other; no space goes after a Chinese full stop."""
    return " ".join(sentences).replace("。 ", "。")


def words_of(*scripts: str) -> dict[str, str]:
    """The messages of scripts for browsers, ``dashboard/curves/board.js``, in the language in force."""
    return dict(_words_of(i18n.language(), scripts))


@functools.cache
def _words_of(code: str, scripts: tuple[str, ...]) -> dict[str, str]:
    with i18n.speaking(code):
        return {text: word for script in scripts for text, word in i18n.words_of(script).items()}


def _choose(code: str) -> None:
    st.session_state[_CHOSEN] = code
    if "lang" in st.query_params:
        address.write("lang", [code.replace("_", "-")])
    # A browser names what is chosen in a menu by the words it showed. What is set here is sent to it in the new ones.
    for key, value in st.session_state.items():
        if isinstance(value, str | int | list) and not isinstance(value, bool):
            st.session_state[key] = value


def _of_visitor() -> str | None:
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    chosen: str | None = st.session_state.get(_CHOSEN)
    if chosen is None:
        # Remembered, because the browser tells both anew when it has lost the server for a moment.
        if _FOUND not in st.session_state:
            kept = st.context.cookies.get(COOKIE)
            known = kept in i18n.LANGUAGES
            st.session_state[_FOUND] = kept if known else i18n.best_language([st.context.locale or ""])
        chosen = st.session_state[_FOUND]
    return chosen
