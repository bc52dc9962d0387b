"""Two densities on a line: the best discriminator, the value of the game, and the distances that they come from.

Densities are float64 arrays over the same evenly spaced places, ``step`` apart; logarithms are natural.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LINE = np.linspace(-12.0, 12.0, 4801)
"""Places on which the densities of :func:`normal` are 0 at both ends to ten digits, for means within 5 of 0."""
STEP = float(LINE[1] - LINE[0])


def normal(mean: float, sigma: float = 1.0, places: Array = LINE) -> Array:
    """The density of N(mean, sigma^2)."""
    density: Array = np.exp(-0.5 * ((places - mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return density


def optimal_discriminator(real: Array, fake: Array) -> Array:
    """p_data / (p_data + p_g), the discriminator that a fixed generator's game is best played with.

    Goodfellow et al. 2014, arXiv:1406.2661, proposition 1; 1/2 where neither has any density.
    """
    total = real + fake
    best: Array = np.divide(real, total, out=np.full_like(total, 0.5), where=total > 0)
    return best


def game_value(real: Array, fake: Array, discriminator: Array, step: float = STEP) -> float:
    """V(D, G) of Goodfellow et al. 2014, equation 1: E log D(x) + E log(1 - D(G(z))), at most 0."""
    return float(step * (_x_log_y(real, discriminator) + _x_log_y(fake, 1 - discriminator)).sum())


def kl_divergence(first: Array, second: Array, step: float = STEP) -> float:
    """KL(first || second) in nats; infinite where the second has no density but the first has."""
    if np.any((second == 0) & (first > 0)):
        return math.inf
    ratio = np.divide(first, second, out=np.ones_like(first), where=first > 0)
    return float(step * (first * np.log(ratio)).sum())


def js_divergence(first: Array, second: Array, step: float = STEP) -> float:
    """The Jensen-Shannon divergence in nats, between 0 and log 2."""
    middle = (first + second) / 2
    return (kl_divergence(first, middle, step) + kl_divergence(second, middle, step)) / 2


def wasserstein(first: Array, second: Array, step: float = STEP) -> float:
    """The earth mover's distance W1 on a line: the area between the two distribution functions."""
    return float(step * np.abs(np.cumsum(first - second) * step).sum())


def best_values(distances: Array) -> Array:
    """C(G) = max over D of V(D, G) for N(0, 1) against N(distance, 1); -log 4 at 0 (Goodfellow et al., theorem 1)."""
    real = normal(0.0)
    fakes = [normal(float(distance)) for distance in distances]
    return np.array([game_value(real, fake, optimal_discriminator(real, fake)) for fake in fakes])


def apart(distances: Array, width: float = 0.5) -> tuple[Array, Array]:
    """JS and W1 between two even densities of the same width, so far apart.

    Arjovsky et al. 2017, arXiv:1701.07875, example 1, with intervals in place of its lines: once they do not overlap
    JS is log 2 wherever they are, and W1 the distance. On a lattice of :data:`STEP`, to which distances are rounded.

    Returns:
        (JS, W1), each as long as ``distances``.
    """
    cells, found = round(width / STEP), []
    for distance in distances:
        shift = round(float(distance) / STEP)
        real, fake = np.zeros(cells + shift), np.zeros(cells + shift)
        real[:cells], fake[shift:] = 1 / (cells * STEP), 1 / (cells * STEP)
        found.append((js_divergence(real, fake), wasserstein(real, fake)))
    js, w1 = np.array(found).T
    return js, w1


def two_outcomes(places: Array, a: float, b: float) -> Array:
    """a log y + b log(1 - y), whose largest value is at y = a / (a + b) (proof of proposition 1).

    Args:
        places: y, inside (0, 1).
        a, b: at least 0, one of them above it.
    """
    value: Array = a * np.log(places) + b * np.log1p(-places)
    return value


def generator_pushes(means: Array, width: float = 1e-4) -> dict[str, Array]:
    """How each loss changes with the generator's mean, while D stays the best one for where the generator is now.

    Data are N(0, 1), samples N(mean, 1). By central differences, ``width`` to either side.

    Returns:
        ``saturating`` and ``non_saturating``: the losses' derivatives, D held; ``2 JS`` and ``KL - 2 JS``: those of
        the distances. That the first and the third agree is Goodfellow et al.'s equation 6, the second and the fourth
        Arjovsky and Bottou 2017, arXiv:1701.04862, theorem 2.5.
    """
    real = normal(0.0)

    def at(mean: float) -> Array:
        sides = []
        best = optimal_discriminator(real, normal(mean))
        for place in (mean - width, mean + width):
            fake = normal(place)
            js = js_divergence(real, fake)
            saturating, other = _x_log_y(fake, 1 - best).sum() * STEP, -_x_log_y(fake, best).sum() * STEP
            sides.append((saturating, other, 2 * js, kl_divergence(fake, real) - 2 * js))
        slope: Array = np.subtract(sides[1], sides[0]) / (2 * width)
        return slope

    columns = np.array([at(float(mean)) for mean in means]).T
    return dict(zip(("saturating", "non_saturating", "2 JS", "KL - 2 JS"), columns, strict=True))


def _x_log_y(x: Array, y: Array) -> Array:
    """X log y, 0 where x is."""
    logs = np.log(np.where(x > 0, np.maximum(y, np.finfo(np.float64).tiny), 1.0))
    product: Array = x * logs
    return product
