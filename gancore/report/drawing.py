"""A figure and its two forms: a file, and a part of an HTML page that takes the page's fonts and colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from gancore.errors import MissingExtraError
from gancore.figure_fonts import figure_fonts
from gancore.i18n import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

WIDE, HALF = (7.4, 2.9), (3.65, 2.6)
"""Inches: as wide as an A4 page between its margins, and half as wide."""
# Two inks that only stand for the page's own, which differ in light and dark.
_INK, _RULE = "#010203", "#0a0b0c"


@dataclass(frozen=True)
class Figure:
    """One figure."""

    name: str
    """Of its files, without ending."""
    title: str
    alt: str
    """What it shows, for who cannot see it."""
    draw: Callable[[Drawing], None]
    table: pd.DataFrame
    """The numbers behind it, all of them."""
    size: tuple[float, float] = WIDE
    """In inches."""


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """A figure as a file; the same figure gives the same bytes.

    Args:
        kind: ``png``, ``pdf`` or ``svg``.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    return _save(figure, kind, "#1a1d29", "#c9cdd8")


def inline_svg(figure: Figure) -> str:
    """A figure as an element of an HTML page, whose fonts and colours it takes; it has no name and no role.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    drawn = _save(figure, "svg", _INK, _RULE).decode()
    drawn = drawn[drawn.index("<svg") :]
    drawn = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", drawn, flags=re.DOTALL)
    used = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', drawn))
    drawn = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", drawn)
    drawn = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', r"\1", drawn)
    drawn = re.sub(r'xmlns(:xlink)?="[^"]*"', "", drawn).replace("xlink:href", "href")
    return drawn.replace(_INK, "currentColor").replace(_RULE, "var(--rule)").strip()


def _save(figure: Figure, kind: str, ink: str, rule: str) -> bytes:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Drawing  # no pyplot: that one keeps figures in a list
    except ImportError as error:
        raise MissingExtraError(
            _("a report needs the package matplotlib; install it with: uv pip install 'ganscope[export]'")
        ) from error
    style: Any = {
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.edgecolor": rule,
        "xtick.color": rule,
        "ytick.color": rule,
        "xtick.labelcolor": ink,
        "ytick.labelcolor": ink,
        "grid.color": rule,
        "font.size": 8.5,
        "svg.fonttype": "none",
        # Parts of several figures on one page must not share a name.
        "svg.hashsalt": figure.name,
    }
    undated: dict[str, Any] = {"png": {"Software": "gancore"}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    page = io.BytesIO()
    is_text = kind == "svg"
    with figure_fonts(outlined=not is_text), mpl.rc_context(style):
        drawing = Drawing(figsize=figure.size, layout="constrained")
        figure.draw(drawing)
        metadata = {"Title": str(figure.title), **undated[kind]}
        drawing.savefig(page, format=kind, dpi=200, transparent=is_text, metadata=metadata)
    return page.getvalue()
