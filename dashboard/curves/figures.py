"""What a chart of the board shows, as a PDF for a report; pure, no Streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, Field

from dashboard.prints import LINE_STYLES, figure_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Values = Annotated[list[float | None], Field(max_length=10_000)]


class DrawnLine(BaseModel):
    """A line as it is drawn: smoothed, and as a difference where a baseline is set."""

    name: str
    x: Values
    y: Values
    color: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    dash: str = "solid"


class Figure(BaseModel):
    """One chart."""

    title: str
    x_title: str
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    lines: Annotated[list[DrawnLine], Field(max_length=200)]


def pdf_of(figure: Figure) -> bytes:
    """The chart as a PDF page of 8 by 4.5 inches.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """

    def draw(axes: Axes) -> None:
        for line in figure.lines:
            x, y = (np.array(values, dtype=float) for values in (line.x, line.y))
            axes.plot(x, y, color=line.color, linestyle=LINE_STYLES.get(line.dash, "-"), label=line.name)
        if figure.log_y:
            axes.set_yscale("log")
        if figure.x_range:
            axes.set_xlim(*figure.x_range)
        if figure.y_range:
            axes.set_ylim(*figure.y_range)
        axes.set_title(figure.title, loc="left", fontsize=11, parse_math=False)
        axes.set_xlabel(figure.x_title)
        axes.grid(alpha=0.25, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        if figure.lines:
            axes.legend(frameon=False, fontsize=9)

    return figure_file(draw, "pdf", title=figure.title)
