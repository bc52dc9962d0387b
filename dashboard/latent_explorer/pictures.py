"""Moved latents, how visible each number of z is, and the page's downloads; pure, no Streamlit."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gancore import images
from gancore.latents import Distribution

STRIP_PIXELS, GRID_PIXELS, SINGLE_PIXELS = 112, 84, 448
"""Sides of one image in a downloaded file, rounded to a whole multiple of the image's own."""
REACH: dict[Distribution, float] = {"normal": 2.0, "uniform": 1.0}
"""How far from its base a dimension is moved to measure its effect; see :func:`moved`."""
BRIGHTER, DARKER = (1.0, 0.6, 0.2), (0.25, 0.65, 1.0)
_BLOCK = 128


def moved(z: Tensor, amounts: dict[int, float], distribution: Distribution) -> Tensor:
    """A z with some of its dimensions moved, never out of what z is drawn from.

    Args:
        z: (dim,) latent.
        amounts: dimension -> how far. Normal: in standard deviations, added. Uniform: -1 takes the dimension down to
            0, 1 up to 1, and in between it goes that share of the way.
    """
    result = z.clone()
    for dimension, amount in amounts.items():
        if distribution == "normal":
            result[dimension] += amount
        else:
            end = 1.0 if amount > 0 else 0.0
            result[dimension] += abs(amount) * (end - z[dimension])
    return result


def effects(paint: Callable[[Tensor], Tensor], z: Tensor, distribution: Distribution) -> Tensor:
    """How visible each dimension is around ``z``: mean absolute pixel change when moved by +-:data:`REACH`.

    Args:
        paint: (N, dim) -> (N, C, H, W) uint8.
        z: (dim,) latent.

    Returns:
        (dim,) shares of the full brightness range, 0 to 1.
    """
    base, reach = paint(z[None]).float(), REACH[distribution]
    changes = []
    for dimensions in torch.arange(len(z)).split(_BLOCK):
        ends = [moved(z, {int(d): amount}, distribution) for d in dimensions for amount in (-reach, reach)]
        change = (paint(torch.stack(ends)).float() - base).abs().flatten(1).mean(1)
        changes.append(change.view(-1, 2).mean(1))
    return torch.cat(changes) / 255


def difference(image: Tensor, base: Tensor) -> Tensor:
    """What changed, as a (3, H, W) uint8 image: black where nothing did, :data:`BRIGHTER` and :data:`DARKER`."""
    change = (image.float() - base.float()).mean(0) / 255
    color = torch.where(change[None] > 0, torch.tensor(BRIGHTER)[:, None, None], torch.tensor(DARKER)[:, None, None])
    # The root lets small changes show; both colors keep their hue at every strength.
    return (change.abs().sqrt() * color * 255).to(torch.uint8)


def enlargement(image: Tensor, pixels: int) -> int:
    """The whole factor that brings an image's width nearest to ``pixels``."""
    return max(1, round(pixels / image.shape[-1]))


def strips_png(strips: list[Tensor], **texts: str) -> bytes:
    """Film strips of as many frames, one below the other."""
    shown = max(len(strip[0]) for strip in strips)  # colour beside grey
    frames = torch.cat([strip.expand(-1, shown, -1, -1) for strip in strips])
    return _grid_png(frames, len(strips[0]), STRIP_PIXELS, **texts)


def grid_png(samples: Tensor, columns: int, **texts: str) -> bytes:
    """Samples in rows."""
    return _grid_png(samples, columns, GRID_PIXELS, **texts)


def single_png(image: Tensor, **texts: str) -> bytes:
    """One image, large."""
    return images.png(image, enlargement(image, SINGLE_PIXELS), **texts)


def _grid_png(samples: Tensor, columns: int, pixels: int, **texts: str) -> bytes:
    factor = enlargement(samples, pixels)
    large = samples.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    return images.png(images.grid(large, columns, padding=4, background=255), scale=1, **texts)
