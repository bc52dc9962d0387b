"""Galleries of several runs in columns, drawn from the same z, under one scrubber over the training.

`columns.py` draws the tiles and prepares what is sent, `gallery_wall.js` keeps one wall alive for each key, with all
its frames, so that scrubbing needs no server; `gallery_wall.css` dresses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dashboard.components import component
from dashboard.gallery_wall.columns import TILES, Column, Frame, pack_wall, wall_column
from dashboard.language import words_of

__all__ = ["TILES", "Column", "Frame", "Picked", "Wall", "gallery_wall", "wall_column"]

END = 100.0
_component = component(
    "ganscope_gallery_wall", Path(__file__).parent, "gallery_wall.js", "../slider.css", "gallery_wall.css"
)


class Picked(NamedTuple):
    """A tile that the reader chose."""

    run: str
    """The run's id."""
    percent: float
    """Of the milestone that drew the tile, one of :func:`gancore.sampling.placed_milestones`."""
    tile: int
    """Which of the seed's latents."""


class Wall(NamedTuple):
    """What the reader has set."""

    percent: float
    """Where the scrubber stands, in [0, 100]."""
    picked: Picked | None


def gallery_wall(
    columns: Sequence[Column], *, key: str, seed: int, percent: float | None = None, picked: Picked | None = None
) -> Wall:
    """Draw the wall; the page runs again when the scrubber comes to rest and when a tile is picked or let go.

    Call it from a `@st.fragment(run_every=...)` while a run trains: new milestones appear, and scrubber, play and
    selection stay as they are.

    Args:
        columns: One for each run, from `wall_column` with this seed.
        key: Identifies the wall; the same key is the same wall.
        seed: Of the latents, for the caption.
        percent: Where the scrubber stands at first; None: at the end, where each run shows its latest milestone.
        picked: The tile that is chosen at first.
    """
    start = END if percent is None else min(max(float(percent), 0.0), END)
    chosen = None if picked is None else dict(picked._asdict())
    result = _component(
        key=key,
        data={
            **pack_wall(columns, seed),
            "key": key,
            "percent": start,
            "picked": chosen,
            "words": words_of("dashboard/gallery_wall/gallery_wall.js"),
        },
        default={"percent": start, "picked": chosen},
        on_percent_change=lambda: None,
        on_picked_change=lambda: None,
    )
    return read_wall(result.percent, result.picked, columns)


def read_wall(percent: Any, picked: Any, columns: Sequence[Column]) -> Wall:
    """What the browser sent; a tile that is not on the wall, such as a deleted run's, counts as none."""
    at = min(max(float(percent), 0.0), END) if isinstance(percent, (int, float)) else END
    if not isinstance(picked, Mapping):
        return Wall(at, None)
    found = next((column for column in columns if column.run == picked.get("run")), None)
    place, tile = picked.get("percent"), picked.get("tile")
    if found is None or not isinstance(place, (int, float)) or not isinstance(tile, int):
        return Wall(at, None)
    is_there = 0 <= tile < len(found.tiles) and any(frame.percent == place for frame in found.frames)
    return Wall(at, Picked(found.run, float(place), tile) if is_there else None)
