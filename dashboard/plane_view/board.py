"""The drawing board: points painted with a mouse, a finger or the arrow keys and the space bar."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashboard.components import component
from dashboard.language import words_of

STEPS = 32_767
"""Where the right and upper edge of the board are in what the browser sends."""
_component = component("ganscope_drawing_board", Path(__file__).parent, "board.js", "../painting.css", "board.css")


def drawing_board(key: str) -> NDArray[np.float64]:
    """Show the board; the page runs again after each stroke.

    Returns:
        (N, 2) painted points in [-1, 1], y upwards, in the order they were painted; at most 5,000.
    """
    words = words_of("dashboard/plane_view/board.js")
    result = _component(
        key=key, data={"key": key, "words": words}, default={"points": ""}, on_points_change=lambda: None
    )
    return decode(result.points)


def decode(sent: str | None) -> NDArray[np.float64]:
    """What the browser sent -> (N, 2) points; none where it is not what a board sends."""
    try:
        numbers = np.frombuffer(base64.b64decode(sent or "", validate=True), dtype="<i2")
        return numbers.reshape(-1, 2).astype(np.float64) / STEPS
    except (binascii.Error, ValueError):
        return np.empty((0, 2))
