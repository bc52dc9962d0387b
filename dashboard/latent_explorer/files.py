"""The latent-space page's downloads: pictures, film strips and animations."""

from __future__ import annotations

import re

import torch

from dashboard.latent_explorer.pictures import (
    SINGLE_PIXELS,
    difference,
    enlargement,
    grid_png,
    single_png,
    strips_png,
)
from dashboard.latent_explorer.questions import Question, answer
from gancore.errors import ConfigError
from gancore.i18n import _
from gancore.images import ANIMATIONS

MEDIA = {"png": "image/png", "gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4"}


def file_of(question: Question, form: str) -> tuple[bytes, str]:
    """A question's images as one file, and the file's name.

    Args:
        form: ``png``, a strip for each generator; ``grid``, a square; ``large``, the first image; ``change``, how it
            differs from the one that nothing is moved in; or an animation, played there and back: of one generator
            all its images, of several the first image of each.

    Raises:
        GanCoreError: when something asked for is not there, or the generators' images are of different shapes.
    """
    name = _name(question, form)
    found = [answer(question, where) for where in question.where]
    start = 2 if form == "png" else 1  # a strip takes colour beside grey
    if len({images.shape[start:] for images in found}) > 1 and form != "large":
        raise ConfigError(_("these runs' images have different sizes and do not fit into one picture"))
    texts = {
        "Run": ", ".join(dict.fromkeys(where.run for where in question.where)),
        "Moment": ", ".join(dict.fromkeys(where.at for where in question.where)),
        "z": ", ".join(question.points),
        "Path": question.path,
        "Truncation": f"{question.truncation:g}",
        "Moves": ", ".join(f"{move.of} {move.by:+g}" for move in question.moves),
    }
    if form == "png":
        return strips_png(found, **texts), f"{name}.png"
    if form == "grid":
        return grid_png(found[0], question.side or len(found[0]), **texts), f"{name}.png"
    if form == "large":
        return single_png(found[0][0], **texts), f"{name}.png"
    if form == "change":
        unmoved = answer(question.model_copy(update={"moves": ()}), question.where[0])
        return single_png(difference(found[0][0], unmoved[0]), **texts), f"{name}.png"
    frames = found[0] if len(found) == 1 else torch.cat([images[:1] for images in found])
    return ANIMATIONS[f".{form}"](frames, enlargement(frames, SINGLE_PIXELS // 2)), f"{name}.{form}"


def _name(question: Question, form: str) -> str:
    """``dcgan-mnist-20261119-140312-50pct-walk-1-2``."""
    where = question.where[0]
    moment = where.at.split("@")[0].replace(" %", "pct")
    what = question.kind if form not in ("large", "change") else form
    points = [re.sub(r"[^\w.-]+", "-", name.removeprefix("seed:")) for name in question.points]
    return "-".join([where.run, moment, what, *points[:4]])
