"""The pages' own styles, in one place; everything else is the theme in ``.streamlit/config.toml``."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st

_STYLES = [Path(__file__).with_name(name) for name in ("style.css", "network.css")]


def apply_style() -> None:
    """Add the style sheets to the page; takes no room. Call it once, before the page is drawn."""
    for styles in _STYLES:
        st.html(styles)


def run_mark(name: str, color: str) -> None:
    """A run's name with its colour before it."""
    st.html(f'<div class="run-mark" style="--run-color:{color}"><span>{html.escape(name)}</span></div>')


def to_come(text: str) -> None:
    """A square frame, as wide as there is room, where a picture is still to come."""
    st.html(f'<div class="to-come square"><span>{html.escape(text)}</span></div>')
