"""Figures as files: each format is what it says, and the same twice."""

from __future__ import annotations

from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib import figure as figures

from dashboard.curves.figures import DrawnLine, Figure, Mark, chart, pdf_of
from dashboard.prints import MIMES, Draw, figure_file, heat_map, parallel_lines

STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
SCORES = pd.DataFrame([[0.9, 0.55], [float("nan"), 0.2]], index=["a", "b"], columns=["a", "b"])
SETTINGS = pd.DataFrame({"Preset": ["gan", "wgan"], "Rate": [1e-3, 5e-5], "Equal": [1.0, 1.0]}, index=["a", "b"])
HEAT = heat_map(SCORES, ((0.0, "#b35806"), (1.0, "#2166ac")), "samples of", "discriminator of")
LINES = parallel_lines(SETTINGS, ["#006cb4", "#c08400"], ["solid", "dash"])


@pytest.mark.parametrize("kind", MIMES)
@pytest.mark.parametrize("draw", [HEAT, LINES], ids=["heat", "lines"])
def test_a_file_is_of_its_kind_and_the_same_twice(draw: Draw, kind: str) -> None:
    made = figure_file(draw, kind, title="scores")
    assert made.startswith(STARTS[kind])
    assert figure_file(draw, kind, title="scores") == made


def test_the_cells_have_their_numbers_and_an_unknown_one_has_none() -> None:
    drawn = ElementTree.fromstring(figure_file(HEAT, "svg"))
    comments = {part.text.strip() for part in ElementTree.fromstring(with_comments(HEAT)).iter() if part.text}
    assert drawn.tag.endswith("svg")
    assert {"0.90", "0.55", "0.20", "discriminator of"} <= comments
    assert not any("nan" in text for text in comments)


def with_comments(draw: Draw) -> str:
    """The drawing with its words, which matplotlib writes as comments beside their outlines, as elements."""
    svg = figure_file(draw, "svg").decode()
    return svg.replace("<!--", "<said>").replace("-->", "</said>")


def test_a_chart_of_the_board_is_drawn_with_all_that_it_shows() -> None:
    raw = DrawnLine(x=[1, 1, 2], y=[0.4, 0.6, None], color="#006cb4", opacity=0.2)
    line = DrawnLine(name="quick & $co", x=[1, 2, 3], y=[0.5, None, 2.0], color="#006cb4", dash="dashdot")
    band = DrawnLine(x=[1, 3, 3, 1], y=[1, 1, 2, 2], color="#006cb4", opacity=0.2, filled=True)
    marks = [Mark(at=1.386, across=True, label="log 4"), Mark(at=2, across=False, label="G alone")]
    figure = Figure(
        title="Generator loss", x_title="Iteration", log_y=True, x_range=(1, 3), lines=[raw, band, line], marks=marks
    )
    axes = figures.Figure().subplots()
    chart(figure)(axes)
    assert [text.get_text() for text in axes.texts] == ["log 4", "G alone"]
    assert [drawn.get_alpha() for drawn in axes.lines[:2]] == [0.2, 1.0]
    assert [drawn.get_data()[0][0] for drawn in axes.lines[2:]] == [0, 2], "a line across, and one at a place"
    assert len(axes.patches) == 1
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["quick & $co"]
    assert pdf_of(figure).startswith(b"%PDF")


def test_a_line_needs_a_colour_in_hexadecimal() -> None:
    with pytest.raises(ValueError, match="color"):
        DrawnLine(name="quick", x=[1], y=[1], color="red")
