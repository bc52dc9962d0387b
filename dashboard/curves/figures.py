"""What a chart of the board shows, as a PDF for a report; pure, no Streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, Field

from dashboard.prints import LINE_STYLES, Draw, figure_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Values = Annotated[list[float | None], Field(max_length=10_000)]
MUTED = "#5b6275"


class DrawnLine(BaseModel):
    """A line as it is drawn: smoothed, and as a difference where a baseline is set."""

    name: str = ""
    """In the legend; empty: not there, as for what lies faintly behind a line."""
    x: Values
    y: Values
    color: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    dash: str = "solid"
    width: float = Field(1.9, ge=0, le=20)
    opacity: float = Field(1.0, ge=0, le=1)
    filled: bool = False
    """Whether it is the outline of a band."""
    dots: bool = False


class Mark(BaseModel):
    """A dotted line across the chart: at a place of the x axis, or at a height such as the theory's."""

    at: float
    across: bool
    """Whether it is a height."""
    label: str = ""


class Figure(BaseModel):
    """One chart."""

    title: str
    x_title: str
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    lines: Annotated[list[DrawnLine], Field(max_length=1_000)]
    marks: Annotated[list[Mark], Field(max_length=1_000)] = []


def chart(figure: Figure) -> Draw:
    """What puts a chart on axes."""

    def draw(axes: Axes) -> None:
        for line in figure.lines:
            x, y = (np.array(values, dtype=float) for values in (line.x, line.y))
            if line.filled:
                axes.fill(x, y, color=line.color, alpha=line.opacity, linewidth=0)
                continue
            axes.plot(
                x,
                y,
                color=line.color,
                alpha=line.opacity,
                linewidth=0.75 * line.width,  # pixels to points
                linestyle=LINE_STYLES.get(line.dash, "-"),
                marker="o" if line.dots else "",
                markersize=3,
                label=line.name or "_",
            )
        if figure.log_y:
            axes.set_yscale("log")
        if figure.x_range:
            axes.set_xlim(*figure.x_range)
        if figure.y_range:
            axes.set_ylim(*figure.y_range)
        for mark in figure.marks:
            _draw(mark, axes)
        axes.set_title(figure.title, loc="left", fontsize=11, parse_math=False)
        axes.set_xlabel(figure.x_title)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if any(line.name for line in figure.lines):
            legend = axes.legend(frameon=False, fontsize=8)
            for text in legend.get_texts():
                text.set_parse_math(False)

    return draw


def _draw(mark: Mark, axes: Axes) -> None:
    rule = axes.axhline if mark.across else axes.axvline
    rule(mark.at, color=MUTED, linewidth=0.7, linestyle="--" if mark.across else ":", zorder=1)
    low, high = sorted(axes.get_ylim() if mark.across else axes.get_xlim())
    if not mark.label or not low <= mark.at <= high:
        return
    beside: dict[str, Any] = {"color": MUTED, "fontsize": 7, "parse_math": False}
    if mark.across:
        axes.text(1, mark.at, mark.label, transform=axes.get_yaxis_transform(), ha="right", va="bottom", **beside)
    else:
        place = axes.get_xaxis_transform()
        axes.text(mark.at, 1, mark.label, transform=place, ha="right", va="top", rotation=90, **beside)


def pdf_of(figure: Figure) -> bytes:
    """The chart as a PDF page of 8 by 4.5 inches.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    return figure_file(chart(figure), "pdf", title=figure.title)
