"""The pictures of the latent-space page: walks, single directions, corners; pure, no Streamlit."""

from __future__ import annotations

import base64
import html
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from gancore import images, latents
from gancore.latents import Distribution
from gancore.sampler import Sampler

REMEMBERED = 16
"""Answers a painter keeps: a moved slider asks again for all that did not move."""
GIF_FRAMES = 32
STRIP_PIXELS, GRID_PIXELS, SINGLE_PIXELS = 112, 84, 448
"""Sides of one image in a downloaded file, rounded to a whole multiple of the image's own."""
REACH: dict[Distribution, float] = {"normal": 2.0, "uniform": 1.0}
"""How far from its base a dimension is moved to measure its effect; see :func:`moved`."""
BRIGHTER, DARKER = (1.0, 0.6, 0.2), (0.25, 0.65, 1.0)
_BLOCK = 128


class Painter:
    """A generator's images for any thread: one call at a time, the latest answers kept."""

    def __init__(self, sampler: Sampler, condition: int | None = None) -> None:
        """Args:
        condition: number of what a conditional generator is told for all of them.
        """
        self._sampler, self._condition, self._lock = sampler, condition, threading.Lock()
        self._answers: OrderedDict[tuple[str, bytes], Tensor] = OrderedDict()

    @property
    def latent_dim(self) -> int:
        """Length of z."""
        return self._sampler.latent_dim

    @property
    def distribution(self) -> Distribution:
        """What z is drawn from."""
        return self._sampler.config.settings.latent_distribution

    def latent(self, seed: int) -> Tensor:
        """(latent_dim,) the z of a seed."""
        return self._sampler.latents(seed)[0]

    def images(self, z: Tensor) -> Tensor:
        """(N, latent_dim) -> (N, C, H, W) uint8."""
        return self._remember("images", z, self._paint)

    def effects(self, z: Tensor) -> Tensor:
        """(latent_dim,) -> (latent_dim,): :func:`effects` around this z."""
        return self._remember("effects", z, lambda base: effects(self._paint, base, self.distribution))

    def another(self) -> tuple[Sampler, int | None]:
        """A copy of the generator, for another thread, and what it is told."""
        with self._lock:
            return self._sampler.copy(), self._condition

    def _paint(self, z: Tensor) -> Tensor:
        return self._sampler.images(z, self._condition)

    def _remember(self, kind: str, z: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
        key = (kind, z.numpy().tobytes())
        with self._lock:
            if key not in self._answers:
                self._answers[key] = compute(z)
            self._answers.move_to_end(key)
            if len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
            return self._answers[key]


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


def strip_png(frames: Tensor, **texts: str) -> bytes:
    """Frames in one row."""
    return _grid_png(frames, len(frames), STRIP_PIXELS, **texts)


def grid_png(samples: Tensor, columns: int, **texts: str) -> bytes:
    """Samples in rows."""
    return _grid_png(samples, columns, GRID_PIXELS, **texts)


def single_png(image: Tensor, **texts: str) -> bytes:
    """One image, large."""
    return images.png(image, enlargement(image, SINGLE_PIXELS), **texts)


def walk_gif(painter: Painter, start: Tensor, end: Tensor, path: latents.Path) -> bytes:
    """A walk there and back: ``2 * GIF_FRAMES - 2`` pictures, fewer where neighbours are the same to the pixel."""
    frames = painter.images(latents.walk(start, end, GIF_FRAMES, path))
    return images.gif(frames, enlargement(frames, SINGLE_PIXELS // 2))


def _grid_png(samples: Tensor, columns: int, pixels: int, **texts: str) -> bytes:
    factor = enlargement(samples, pixels)
    large = samples.repeat_interleave(factor, -1).repeat_interleave(factor, -2)
    return images.png(images.grid(large, columns, padding=4, background=255), scale=1, **texts)


def tiles(pictures: Iterable[tuple[Tensor, str]], kind: str, highlighted: int | None = None, alt: str = "") -> str:
    """Captioned images as HTML, laid out as the page's style has it for ``kind``.

    Args:
        alt: what an image without a caption shows, for readers who do not see it.
    """
    figures = [
        f'<figure class="{"here" if index == highlighted else ""}">{_img(image, caption or alt)}'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for index, (image, caption) in enumerate(pictures)
    ]
    return f'<div class="latent-tiles {kind}" style="--count:{len(figures)}">{"".join(figures)}</div>'


def _img(image: Tensor, alt: str) -> str:
    # Inline and at its own size: no second request before a slider's move shows, and the browser repeats the pixels.
    data = base64.b64encode(images.png(image)).decode()
    height, width = image.shape[-2:]
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{width}" height="{height}" '
        'decoding="sync">'
    )


def ranking(effect: Tensor) -> list[int]:
    """Dimensions, the most visible first."""
    return [int(dimension) for dimension in effect.argsort(descending=True, stable=True)]


def z_name(dimension: int) -> str:
    """``z₁₇`` for 17."""
    return "z" + str(dimension).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
