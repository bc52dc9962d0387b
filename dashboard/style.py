"""The pages' own styles, in one place; everything else is the theme in ``.streamlit/config.toml``."""

from __future__ import annotations

import html
from pathlib import Path

import streamlit as st

from dashboard.run_colors import Look

_STYLES = [Path(__file__).with_name(name) for name in ("style.css", "network.css")]


def apply_style() -> None:
    """Add the style sheets to the page; takes no room. Call it once, before the page is drawn."""
    for styles in _STYLES:
        st.html(styles)


def run_mark(name: str, color: str, dash: str = "solid") -> None:
    """A run's name after a piece of its line.

    Args:
        color, dash: of the run's :class:`dashboard.run_colors.Look`.
    """
    st.html(f'<div class="run-mark">{_line(color, dash)}<span>{html.escape(name)}</span></div>')


def run_line(look: Look) -> None:
    """A piece of a run's line, to stand above its name."""
    st.html(_line(look.color, look.dash))


def _line(color: str, dash: str) -> str:
    return f'<div class="run-line {dash}" style="--run-color:{color}" aria-hidden="true"></div>'


def to_come(text: str) -> None:
    """A square frame, as wide as there is room, where a picture is still to come."""
    st.html(f'<div class="to-come square"><span>{html.escape(text)}</span></div>')
