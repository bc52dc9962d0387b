"""The colours as colour-blind readers see them, and their contrast on both pages."""

from __future__ import annotations

import tomllib
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard import palette
from dashboard.run_colors import look

CONFIG = Path(__file__).resolve().parents[2] / "dashboard" / ".streamlit" / "config.toml"
THEMES = ("light", "dark")
# OKLab distances of about 0.02 are just noticeable.
APART, FAR_APART = 0.10, 0.17

# Machado et al. 2009, "A physiologically-based model for simulation of color vision deficiency", severity 1.0, on
# linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson 2020, "A perceptual color space for image processing".
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(color: str) -> NDArray[np.float64]:
    """``#rrggbb`` -> (3,) linear RGB."""
    srgb = np.array([int(color[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def distance(first: str, second: str, vision: str) -> float:
    """OKLab distance of two colours under a kind of vision."""
    seen = [np.clip(VISION[vision] @ linear(color), 0, 1) for color in (first, second)]
    one, other = (TO_OKLAB @ np.cbrt(TO_CONES @ color) for color in seen)
    return float(np.linalg.norm(one - other))


def contrast(first: str, second: str) -> float:
    """WCAG 2.2's contrast ratio, 1 to 21."""
    low, high = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def theme(name: str) -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(CONFIG.read_text())["theme"][name]
    return found


def test_the_measures_know_what_is_alike_and_what_is_not() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert distance("#ffffff", "#000000", "normal") == pytest.approx(1, abs=1e-3)
    # A red and a green that only those who see neither take for one another.
    assert distance("#b05a00", "#6f7a00", "deuteranopia") < 0.03 < APART < distance("#b05a00", "#6f7a00", "normal")


@pytest.mark.parametrize("vision", VISION)
def test_runs_are_told_apart(vision: str) -> None:
    alike = {
        pair: distance(*pair, vision)
        for pair in combinations(palette.RUN_COLORS, 2)
        if distance(*pair, vision) < APART
    }
    assert alike == {}


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize(
    "pair", [(palette.GENERATOR_COLOR, palette.DISCRIMINATOR_COLOR), (palette.REAL_COLOR, palette.FAKE_COLOR)]
)
def test_the_players_and_what_they_see_are_far_apart(pair: tuple[str, str], vision: str) -> None:
    assert distance(*pair, vision) >= FAR_APART


@pytest.mark.parametrize("background", THEMES)
def test_lines_stand_out_from_both_pages(background: str) -> None:
    shades = {*palette.RUN_COLORS, *palette.SERIES_COLORS.values()}
    shades |= {*palette.OTHER_COLORS, palette.DATA_COLOR}
    ground = theme(background)["backgroundColor"]
    assert {shade: contrast(shade, ground) for shade in shades if contrast(shade, ground) < 3} == {}


@pytest.mark.parametrize("background", THEMES)
def test_text_can_be_read_on_both_pages(background: str) -> None:
    colors = theme(background)
    for text, ground in product(
        ("textColor", "grayTextColor", "linkColor", "primaryColor"), ("backgroundColor", "secondaryBackgroundColor")
    ):
        assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("background", THEMES)
def test_the_theme_has_the_same_colours(background: str) -> None:
    assert theme(background)["chartCategoricalColors"] == list(palette.RUN_COLORS)


def test_thirty_two_runs_differ() -> None:
    assert len({look(number) for number in range(32)}) == 32
    assert [look(number).dash for number in range(8)] == ["solid"] * 8
