"""Figures of the pages as files for a report: PNG, SVG and PDF, drawn by matplotlib; all but the buttons is pure."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from gancore.errors import MissingExtraError
from gancore.figure_fonts import figure_fonts
from gancore.i18n import _

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MIMES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
LINE_STYLES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
"""Plotly's name of a dash -> matplotlib's."""
Draw = Callable[["Axes"], None]


def figure_file(draw: Draw, kind: str, size: tuple[float, float] = (8.0, 4.5), title: str = "") -> bytes:
    """A figure as a file; the same figure gives the same bytes.

    Args:
        draw: puts it on the axes.
        kind: one of :data:`MIMES`.
        size: in inches.
        title: of the document.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure  # no pyplot: that one keeps figures in a list all threads share
    except ImportError as error:
        raise MissingExtraError(
            _("a figure as a file needs the package matplotlib; install it with: uv pip install 'ganscope[export]'")
        ) from error
    page = io.BytesIO()
    undated: dict[str, Any] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with figure_fonts(), mpl.rc_context({"svg.hashsalt": "ganscope"}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.subplots())
        figure.savefig(page, format=kind, dpi=200, metadata={"Title": title, **undated[kind]})
    return page.getvalue()


def figure_buttons(name: str, draw: Draw, size: tuple[float, float] = (8.0, 4.5)) -> None:
    """A download button for each format; without matplotlib they say what is missing.

    Args:
        name: of the files, without ending.
    """
    missing = importlib.util.find_spec("matplotlib") is None
    for kind, mime in MIMES.items():
        st.download_button(
            kind.upper(),
            partial(figure_file, draw, kind, size, name),
            file_name=f"{name}.{kind}",
            mime=mime,
            key=f"{name}-{kind}",
            icon=":material/download:",
            disabled=missing,
            help=_("Needs the package matplotlib: uv pip install 'ganscope[export]'") if missing else None,
            on_click="ignore",
        )


def heat_map(table: pd.DataFrame, colors: Sequence[tuple[float, str]], across: str, down: str) -> Draw:
    """Numbers from 0 to 1 in coloured cells, rows downwards; a cell without a number stays empty."""

    def draw(axes: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        values = table.to_numpy(dtype=float)
        axes.imshow(values, cmap=LinearSegmentedColormap.from_list("cells", list(colors)), vmin=0, vmax=1)
        for row, column in zip(*np.nonzero(np.isfinite(values)), strict=True):
            value = values[row, column]
            ink = "white" if abs(value - 0.5) > 0.3 else "black"
            axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
        axes.set_xticks(range(table.shape[1]), [str(name) for name in table.columns], rotation=30, ha="right")
        axes.set_yticks(range(table.shape[0]), [str(name) for name in table.index])
        axes.set_xlabel(across)
        axes.set_ylabel(down)

    return draw


def parallel_lines(table: pd.DataFrame, colors: Sequence[str], dashes: Sequence[str]) -> Draw:
    """A line for each row through its place on each column's axis, lowest value below and highest above."""

    def draw(axes: Axes) -> None:
        places = table.apply(_places)
        for (name, row), color, dash in zip(places.iterrows(), colors, dashes, strict=True):
            axes.plot(range(len(row)), row, color=color, linestyle=LINE_STYLES[dash], label=str(name))
        for index, column in enumerate(table):
            axes.axvline(index, color="0.8", linewidth=0.8, zorder=0)
            for value, place in dict(zip(table[column], places[column], strict=True)).items():
                text = f"{value:.3g}" if isinstance(value, int | float) else str(value)
                axes.annotate(text, (index, place), xytext=(4, 3), textcoords="offset points", fontsize=7)
        axes.set_xticks(range(table.shape[1]), [str(name) for name in table.columns], rotation=30, ha="right")
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.35), ncols=4)

    return draw


def _places(column: pd.Series) -> pd.Series:
    """Values between 0 and 1: numbers by size, words by the order they come in."""
    numbers = column if pd.api.types.is_numeric_dtype(column) else pd.Series(pd.factorize(column)[0], column.index)
    span = numbers.max() - numbers.min()
    return (numbers - numbers.min()) / span if span else numbers * 0 + 0.5
