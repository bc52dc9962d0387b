"""A run in the plane, drawn on a canvas that changes in place, and a board to draw points on.

`pack.py` prepares a view, `plane_view.js` keeps one canvas alive for each key, `plane_view.css` dresses it;
`board.py` and `board.js` are the drawing board.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from dashboard.components import component
from dashboard.language import words_of
from dashboard.plane_view.pack import LAYERS, describe, pack_view
from gancore.plane import PlaneView

__all__ = ["LAYERS", "describe", "plane_view"]

_component = component("ganscope_plane_view", Path(__file__).parent, "plane_view.js", "plane_view.css")


def plane_view(view: PlaneView, *, key: str, layers: Collection[str] = tuple(LAYERS), name: str = "") -> None:
    """Draw a run's plane; call it from a `@st.fragment(run_every=...)`, and it changes in place.

    Args:
        view: What to draw.
        key: Identifies the canvas; the same key is the same canvas.
        layers: Names in `LAYERS` to draw.
        name: Of the run, for those who hear the picture instead of seeing it.

    Raises:
        ValueError: When a layer is not one of `LAYERS`.
    """
    words = words_of("dashboard/plane_view/plane_view.js")
    _component(key=key, data={**pack_view(view, key=key, layers=layers, name=name), "words": words})
