"""Latent vectors: drawing them, walking between them, laying them out."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

Distribution = Literal["normal", "uniform"]
Path = Literal["linear", "spherical"]
LONGEST = 1024
"""Numbers in a z, at most."""


def draw(count: int, dim: int, distribution: Distribution, generator: torch.Generator) -> Tensor:
    """Draw latents from ``generator`` alone, on its device.

    Returns:
        (count, dim) float32; N(0, 1) for ``normal``, U[0, 1) for ``uniform``.
    """
    sample = torch.randn if distribution == "normal" else torch.rand
    return sample(count, dim, generator=generator, device=generator.device)


def from_seed(seed: int, count: int, dim: int, distribution: Distribution) -> Tensor:
    """The latents a seed stands for: (count, dim) float32 on the CPU.

    Drawn one by one, so that fewer latents of a seed are the first of more; torch fills a whole tensor otherwise.
    """
    generator = torch.Generator().manual_seed(seed)
    return torch.cat([draw(1, dim, distribution, generator) for _ in range(count)])


def common(seed: int, count: int, dim: int, distribution: Distribution) -> Tensor:
    """The latents a seed stands for in every generator, however long its z and however it is distributed.

    Long normal latents are drawn and cut to ``dim`` numbers, so that two lengths agree in the numbers that both have.
    A uniform z has each number at the quantile that the normal one has it at.

    Args:
        dim: at most :data:`LONGEST`.

    Returns:
        (count, dim) float32 on the CPU.
    """
    drawn = from_seed(seed, count, LONGEST, "normal")[:, :dim]
    return drawn if distribution == "normal" else torch.special.ndtr(drawn)


def lerp(start: Tensor, end: Tensor, fractions: Tensor) -> Tensor:
    """Points on the straight line from ``start`` to ``end``.

    Args:
        start, end: (dim,) latents.
        fractions: (n,) positions, 0 at the start and 1 at the end.

    Returns:
        (n, dim) latents.
    """
    return start + fractions[:, None] * (end - start)


def slerp(start: Tensor, end: Tensor, fractions: Tensor) -> Tensor:
    """Points on the great-circle arc from ``start`` to ``end``.

    Shoemake 1985, "Animating rotation with quaternion curves"; for GANs White 2016, arXiv:1609.04468. In many
    dimensions N(0, 1) lies near a sphere, and the straight line's middle, much shorter than any drawn z, leaves it.
    The length goes linearly from one end's to the other's; vectors in (nearly) one line fall back to :func:`lerp`.

    Args:
        start, end: (dim,) latents.
        fractions: (n,) positions, 0 at the start and 1 at the end.

    Returns:
        (n, dim) latents.
    """
    length_start, length_end = start.norm(), end.norm()
    if min(length_start, length_end) == 0:
        return lerp(start, end, fractions)
    unit_start, unit_end = start / length_start, end / length_end
    angle = torch.acos((unit_start @ unit_end).clamp(-1, 1))
    if angle < 1e-4 or math.pi - angle < 1e-4:
        return lerp(start, end, fractions)
    weight_start = torch.sin((1 - fractions) * angle)[:, None]
    weight_end = torch.sin(fractions * angle)[:, None]
    direction = (weight_start * unit_start + weight_end * unit_end) / torch.sin(angle)
    latents: Tensor = direction * (length_start + fractions * (length_end - length_start))[:, None]
    return latents


PATHS = {"linear": lerp, "spherical": slerp}
"""Path name -> function of (start, end, fractions)."""


def walk(start: Tensor, end: Tensor, steps: int, path: Path = "spherical") -> Tensor:
    """``steps`` latents from ``start`` to ``end``, both included: (steps, dim)."""
    return PATHS[path](start, end, torch.linspace(0, 1, steps))


def truncate(z: Tensor, psi: float, distribution: Distribution) -> Tensor:
    """Latents moved towards the mean of what they are drawn from: mean + psi (z - mean).

    Karras et al. 2019, arXiv:1812.04948, appendix B, which does so in StyleGAN's w; here it is z itself, as these
    generators have no other. Less variety, samples nearer to what training saw most. (The truncation trick of Brock
    et al. 2019, arXiv:1809.11096, section 3.1, draws numbers that are too large again instead; that would take a
    slider's image to another z.)

    Args:
        z: (..., dim) latents.
        psi: 1 leaves them as they are, 0 makes all of them the mean: 0 of N(0, 1), 0.5 of U[0, 1).
    """
    mean = 0.0 if distribution == "normal" else 0.5
    truncated: Tensor = mean + psi * (z - mean)
    return truncated


def on_plane(points: Tensor, places: Tensor, path: Path = "linear") -> Tensor:
    """Latents on the plane through three points, or on the patch between four.

    Args:
        points: (3, dim) a, b, c: a + s (b - a) + t (c - a), the one plane that holds all three. Or (4, dim) top left,
            top right, bottom left, bottom right: ``path`` down both edges, then across.
        places: (n, 2) pairs (s, t): how far across and how far down, 0 to 1 between the points.

    Returns:
        (n, dim) latents.

    Raises:
        ValueError: when there are neither three nor four points.
    """
    if len(points) == 3:
        origin, across, down = points
        plane: Tensor = origin + places[:, :1] * (across - origin) + places[:, 1:] * (down - origin)
        return plane
    if len(points) != 4:
        raise ValueError(f"expected 3 or 4 points, found {len(points)}")
    go, (top_left, top_right, bottom_left, bottom_right) = PATHS[path], points
    left, right = go(top_left, bottom_left, places[:, 1]), go(top_right, bottom_right, places[:, 1])
    return torch.cat([go(a, b, share[None]) for a, b, share in zip(left, right, places[:, 0], strict=True)])
