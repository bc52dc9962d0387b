"""A run's column of the wall: its tiles at every milestone, drawn once, and what is sent to the browser."""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from babel.lists import format_list
from PIL import Image
from torch import Tensor

from gancore import i18n, images
from gancore.errors import CheckpointError, GanCoreError
from gancore.i18n import N_, _
from gancore.networks import ImageShape, shape_of
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sampling import Milestone, placed_milestones

TILES = 16
"""Tiles of a column."""
ACROSS = 4
"""Tiles in a row."""
MOST_BYTES_A_PIXEL, FEW_LEVELS = 0.58, 16
"""A grey picture of more bytes a pixel, as noise is, is sent in so many levels of grey: a wall of four runs at five
milestones then stays below 200 kB, whatever they draw."""

_SAME_Z = {
    (False, False): N_("Tiles in the same place are drawn from the same z (seed {seed})."),
    (True, False): N_(
        "Tiles in the same place are drawn from the same z (seed {seed}); z has {lengths} numbers, and two runs "
        "agree in those that both have."
    ),
    (False, True): N_(
        "Tiles in the same place are drawn from the same z (seed {seed}); uniform numbers lie at the quantiles of "
        "the normal ones."
    ),
    (True, True): N_(
        "Tiles in the same place are drawn from the same z (seed {seed}); z has {lengths} numbers, and two runs "
        "agree in those that both have; uniform numbers lie at the quantiles of the normal ones."
    ),
}
"""What is the same in all columns, by whether z differs in length and in distribution."""


@dataclass(frozen=True)
class Frame:
    """A column at one milestone."""

    percent: float
    iteration: int
    png: bytes
    """All tiles in one picture, row by row without gaps; or a run's own gallery."""


@dataclass(frozen=True)
class Column:
    """One run of the wall."""

    run: str
    name: str
    color: str
    frames: tuple[Frame, ...]
    """Oldest first."""
    tiles: tuple[str, ...]
    """What each tile is called beside its number: its class, or nothing. Empty where frames are whole galleries."""
    latent_dim: int = 0
    distribution: str = "normal"
    note: str = ""
    """Stands in the place of the picture, where there cannot be one."""


def wall_column(run: Run, name: str, color: str, seed: int) -> Column:
    """A run's column: images as tiles of the seed's common latents, points and image-to-image as the run's galleries.

    Each milestone is drawn once for all visitors. Files that are gone or damaged leave a column with a note.
    """
    try:
        config, resolved = run.config, run.folder.read_resolved()
        if resolved is None:
            return Column(run.id, name, color, (), ())
        is_whole = recipe_of(config.preset).conditioned_on == "image" or not isinstance(
            shape_of(resolved.shape), ImageShape
        )
        labels = None if is_whole else run.folder.read_conditions()
        frames = tuple(_frame(run, placed, seed, is_whole) for placed in placed_milestones(run))
    except (GanCoreError, OSError) as error:
        return Column(run.id, name, color, (), (), note=str(error))
    names = [""] * TILES
    if labels is not None:
        names = [resolved.classes[int(labels[index % len(labels)])] for index in range(TILES)]
    tiles = () if is_whole else tuple(names)
    settings = config.settings
    return Column(run.id, name, color, frames, tiles, settings.latent_dim, settings.latent_distribution)


def _frame(run: Run, placed: Milestone, seed: int, is_whole: bool) -> Frame:
    gallery = placed.gallery
    file = run.folder.path / (gallery.image if is_whole or gallery.weights is None else gallery.weights)
    try:
        version = file.stat().st_mtime_ns
    except OSError as error:
        raise CheckpointError(_("{file} is missing", file=file)) from error
    png = _whole(str(file), version) if is_whole else _sprite(run, str(file), version, seed)
    return Frame(placed.percent, gallery.iteration, png)


@st.cache_data(max_entries=256, show_spinner=False)
def _whole(path: str, version: int) -> bytes:
    """A run's own gallery; ``version`` is the file's time, so a file made anew is read anew."""
    return images.png(images.read_png(path))


@st.cache_data(max_entries=1024, show_spinner=False)
def _sprite(_run: Run, weights: str, version: int, seed: int) -> bytes:
    """The tiles of one milestone's weights."""
    sampler = Sampler(_run.folder, _run.folder.load_weights(weights))
    drawn = sampler.images(sampler.common_latents(seed, TILES))
    # make_grid repeats a grey channel three times, which would triple the file.
    return _packed(images.grid(drawn, ACROSS, padding=0)[: drawn.shape[1]])


def _packed(sheet: Tensor) -> bytes:
    """A (C, H, W) uint8 sheet of tiles as PNG; noise, which hardly packs, in few levels of grey."""
    exact = images.png(sheet)
    if len(sheet) > 1 or len(exact) <= MOST_BYTES_A_PIXEL * sheet.numel():
        return exact
    buffer = io.BytesIO()
    images.to_pillow(sheet).quantize(FEW_LEVELS, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def caption(columns: Sequence[Column], seed: int) -> str:
    """What is the same in all columns, in a sentence or two."""
    tiled = [column for column in columns if column.tiles]
    own = _("Runs in the plane and from image to image show their own galleries.")
    if not tiled:
        return own
    lengths = sorted({column.latent_dim for column in tiled})
    values = {
        "seed": seed,
        "lengths": format_list([str(length) for length in lengths], "or", i18n.locale()) if len(lengths) > 1 else "",
    }
    said = [_(_SAME_Z[len(lengths) > 1, len({column.distribution for column in tiled}) > 1], **values)]
    if any(any(column.tiles) for column in tiled):
        said.append(_("Classes go round in the same order in every run that is told them."))
    if any(column.frames and not column.tiles for column in columns):
        said.append(own)
    return " ".join(said)


def pack_wall(columns: Sequence[Column], seed: int) -> dict[str, Any]:
    """What `gallery_wall.js` draws.

    ``columns``: ``run``, ``name``, ``color``, ``note``, ``tiles`` (their classes), ``across``, and ``frames``, each
    with ``percent``, ``iteration``, ``size`` (pixels) and ``src`` (a data address).
    """
    return {
        "caption": caption(columns, seed),
        "columns": [
            {
                "run": column.run,
                "name": column.name,
                "color": column.color,
                "note": column.note,
                "tiles": column.tiles,
                "across": ACROSS,
                "frames": [
                    {
                        "percent": frame.percent,
                        "iteration": frame.iteration,
                        "size": _size(frame.png),
                        "src": f"data:image/png;base64,{base64.b64encode(frame.png).decode()}",
                    }
                    for frame in column.frames
                ],
            }
            for column in columns
        ],
    }


def _size(png: bytes) -> tuple[int, int]:
    """Width and height, which a PNG file has in its first chunk."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height
