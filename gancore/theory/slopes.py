"""How strongly the losses push, as functions of what the discriminator says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from gancore import losses

Array = NDArray[np.float64]


def generator_slopes(scores: Array) -> tuple[Array, Array]:
    """Size of the derivatives of both generator losses by the score, before any sigmoid.

    Goodfellow et al. 2014, arXiv:1406.2661, section 3: D(G(z)) for the saturating loss, 1 - D(G(z)) for the other.

    Returns:
        (saturating, non-saturating), each in [0, 1].
    """
    return _slope(losses.saturating, scores), _slope(losses.non_saturating, scores)


def slope_by_probability(probabilities: Array) -> Array:
    """Size of the derivative of log(1 - D) by D itself, which is at least 1: not this one vanishes."""
    slope: Array = 1 / (1 - probabilities)
    return slope


def sums_of_losses(real: Array, fake: Array) -> tuple[Array, Array]:
    """What both players' losses add up to for D(x) and D(G(z)): minimax's, the non-saturating game's.

    D's loss is -log D(x) - log(1 - D(G(z))). In a zero-sum game G's part would be its opposite: minimax leaves
    -log D(x), which G has no hand in.

    Returns:
        Each of the shape that the arguments broadcast to.
    """
    discriminator = -np.log(real) - np.log1p(-fake)
    return discriminator + np.log1p(-fake), discriminator - np.log(fake)


def least_discriminator_loss(generator_loss: Array) -> Array:
    """The least that D's fake loss can be where G's is given: -log(1 - exp(-g)).

    Both are means over the same samples, g of u = -log D(G(z)) and the other of -log(1 - exp(-u)), which is convex:
    Jensen's inequality.

    Args:
        generator_loss: the non-saturating loss, above 0.
    """
    least: Array = -np.log(-np.expm1(-generator_loss))
    return least


def cross_entropy_by_form(scores: Array) -> dict[str, tuple[Array, Array]]:
    """-log(1 - D) of a sample in float32, written in three ways: its values, and its derivatives by the score.

    Returns:
        ``softplus``: from the score; ``BCELoss``: torch's, after a sigmoid, which clamps its logarithms at -100;
        ``clamped``: after a sigmoid clamped to [1e-7, 1 - 1e-7], as seed 003 writes it out.
    """
    zero = torch.zeros(1)

    def softplus(score: Tensor) -> Tensor:
        return losses.bce_fake(score)

    def bce(score: Tensor) -> Tensor:
        return binary_cross_entropy(score.sigmoid(), zero)

    def clamped(score: Tensor) -> Tensor:
        return -(1 - score.sigmoid().clamp(1e-7, 1 - 1e-7)).log().mean()

    found = {}
    for name, form in (("softplus", softplus), ("BCELoss", bce), ("clamped", clamped)):
        values, slopes = [], []
        for number in scores:
            score = torch.tensor([float(number)], requires_grad=True)
            value = form(score)
            (slope,) = torch.autograd.grad(value, score)
            values.append(float(value.detach()))
            slopes.append(float(slope))
        found[name] = np.array(values), np.array(slopes)
    return found


def overflow_score() -> float:
    """The score from which float32's sigmoid is exactly 1, to a hundredth."""
    scores = torch.arange(0, 40, 0.01)
    return float(scores[(scores.sigmoid() == 1).int().argmax()])


def crossing_points(steps: int, rate: float, *, at_once: bool) -> Array:
    """Players of the smallest game, min over x and max over y of x y, by gradient steps from (1, 1).

    Its equilibrium is (0, 0). Stepping at once multiplies the distance from it by sqrt(1 + rate^2) each time; in
    turns it stays bounded for rates below 2 (Gidel et al. 2019, arXiv:1807.04740).

    Returns:
        (steps + 1, 2).
    """
    x = y = 1.0
    path = [(x, y)]
    for _ in range(steps):
        seen = x if at_once else x - rate * y
        x, y = x - rate * y, y + rate * seen
        path.append((x, y))
    return np.array(path)


def _slope(loss: Callable[[Tensor], Tensor], scores: Array) -> Array:
    at = torch.tensor(scores, dtype=torch.float64)[:, None].requires_grad_()
    # The losses are means, whose number the derivative at one score does not have.
    (slope,) = torch.autograd.grad(loss(at) * len(at), at)
    size: Array = slope.abs().squeeze(1).numpy()
    return size
