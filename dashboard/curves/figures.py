"""What a chart of the board shows, as a PDF for a report; pure, no Streamlit."""

from __future__ import annotations

import io
from typing import Annotated

import numpy as np
from pydantic import BaseModel, Field

from gancore.errors import MissingExtraError

Values = Annotated[list[float | None], Field(max_length=10_000)]
_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}


class DrawnLine(BaseModel):
    """A line as it is drawn: smoothed, and as a difference where a baseline is set."""

    name: str = ""
    """Empty: not in the legend."""
    x: Values
    y: Values
    color: str = Field(pattern=r"^#[0-9a-fA-F]{6}$")
    dash: str = "solid"
    width: float = Field(1.5, gt=0, le=10)
    opacity: float = Field(1.0, ge=0, le=1)


class Figure(BaseModel):
    """One chart."""

    title: str
    x_title: str
    log_x: bool = False
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    lines: Annotated[list[DrawnLine], Field(max_length=200)]


def pdf_of(figure: Figure) -> bytes:
    """The chart as a PDF page of 8 by 4.5 inches.

    Raises:
        MissingExtraError: when matplotlib is not installed.
    """
    try:
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtraError(
            "a PDF needs the package matplotlib; install it with: uv pip install 'ganscope[export]'"
        ) from error
    drawn = matplotlib.figure.Figure(figsize=(8, 4.5), layout="constrained")
    axes = drawn.subplots()
    for line in figure.lines:
        x, y = (np.array(values, dtype=float) for values in (line.x, line.y))
        axes.plot(
            x, y, color=line.color, linestyle=_DASHES.get(line.dash, "-"), linewidth=line.width, alpha=line.opacity,
            label=line.name or "_nolegend_",
        )  # fmt: skip
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
    if any(line.name for line in figure.lines):
        axes.legend(frameon=False, fontsize=9)
    page = io.BytesIO()
    drawn.savefig(page, format="pdf", metadata={"Title": figure.title, "Creator": "GANscope", "CreationDate": None})
    return page.getvalue()
