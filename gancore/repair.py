"""What a repair minimises: the difference of pixels, most near the hole, and how fake the discriminator finds it.

Yeh et al. 2017, "Semantic Image Inpainting with Deep Generative Models", arXiv:1607.07539, section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from gancore import data
from gancore.evaluate.discriminators import Discriminator

WINDOW = 7
"""Side of the neighbourhood in which hidden pixels are counted, as in the paper."""
FLOOR = 0.25
"""Weight of a visible pixel with no hidden one near it; the paper gives it none, which on images of 28 x 28 pixels
leaves a few rows to go by."""


def context_weights(hidden: Tensor) -> Tensor:
    """How much each pixel's error counts: 0 where hidden, else more the more of its neighbours are hidden.

    The paper's equation 6, from :data:`FLOOR` up.

    Args:
        hidden: (H, W) bool.

    Returns:
        (H, W) float32 in [0, 1].
    """
    near = F.avg_pool2d(hidden.float()[None, None], WINDOW, 1, WINDOW // 2, count_include_pad=False)[0, 0]
    return (FLOOR + (1 - FLOOR) * near) * ~hidden


def context_loss(difference: Tensor, weights: Tensor) -> Tensor:
    """The weighted mean absolute difference of each image, equation 7: (N,).

    Args:
        difference: (N, C, H, W).
        weights: (H, W).
    """
    return (difference.abs().mean(1) * weights).flatten(1).sum(1) / weights.sum()


def rmse(difference: Tensor, area: Tensor) -> Tensor:
    """Root mean square of the differences that lie in an area.

    Args:
        difference: (..., C, H, W).
        area: (H, W), 1 inside and 0 outside.

    Returns:
        (...).
    """
    squares = (difference**2).mean(-3) * area
    return (squares.sum((-2, -1)) / area.sum()).sqrt()


def covered(image: Tensor, hidden: Tensor) -> Tensor:
    """An image with its hidden part in grey: (C, H, W) uint8."""
    return torch.where(hidden, torch.tensor(128, dtype=torch.uint8), image)


class Realism:
    """The prior loss: low for images that a discriminator takes for real.

    The paper's is log(1 - D(G(z))) (equation 8). Recipes' scores have scales of their own, critics' no bounds, so a
    score counts by how far it lies from those of drawn samples, and the loss is the non-saturating softplus of it.
    """

    def __init__(self, judge: Discriminator, samples: Tensor, labels: Tensor | None) -> None:
        """Args:
        judge: whose players are not used by another thread meanwhile.
        samples: (N, C, H, W) float32 in [0, 1], drawn; what usual scores are.
        labels: (N,) their classes, where the generator is told them.
        """
        self._judge = judge
        self._middle, self._spread = 0.0, 1.0
        with torch.no_grad():
            scores = self._scores(samples, labels)
        self._middle, self._spread = float(scores.mean()), float(scores.std())

    @property
    def is_usable(self) -> bool:
        """Whether the discriminator tells samples apart at all, in finite numbers."""
        return 0 < self._spread < float("inf")

    def loss(self, images: Tensor, labels: Tensor | None) -> Tensor:
        """(N, C, H, W) float32 in [0, 1] -> (N,)."""
        return F.softplus((self._middle - self._scores(images, labels)) / self._spread)

    def _scores(self, images: Tensor, labels: Tensor | None) -> Tensor:
        players, told = self._judge.players, labels if self._judge.is_told_labels else None
        # A discriminator of packs is shown a pack of one image repeated.
        packs = images.repeat_interleave(players.packing, 0)
        told = None if told is None else told.repeat_interleave(players.packing)
        low, high = data.RANGES[self._judge.config.settings.data_range]
        return players.score(low + (high - low) * packs, told)[:, 0]
