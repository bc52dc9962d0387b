"""What a run's galleries show: always the same z, and for a conditional recipe always the same conditions."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gancore import data, images, latents
from gancore.config import RunConfig
from gancore.data import ImageData
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players

POINTS_SHOWN = 2_500
"""Points in a gallery of the plane, as many as PacGAN's metric counts."""
SCATTER_SIDE = 256
SOURCES_KEPT = 100
"""Source images that a run keeps for its samples, where its recipe is conditioned on images."""
GALLERY_SEED_OFFSET = 1_000_003
"""Added to a run's seed: that of the latents its galleries are drawn from."""
_REAL_COLOR, _FAKE_COLOR = (88, 96, 122), (251, 191, 36)


def conditions_of(config: RunConfig, dataset: ImageData | PointData) -> Tensor | None:
    """What the generator is told for samples, one after the other and then from the start.

    Returns:
        (K,) labels, one a class; (K, C, H, W) uint8 source images; None for an unconditional recipe.
    """
    recipe, settings = recipe_of(config.preset), config.settings
    if recipe.conditioned_on == "label":
        return torch.arange(len(dataset.classes))
    if recipe.source is None:
        return None
    generator = torch.Generator().manual_seed(config.seed + GALLERY_SEED_OFFSET)
    chosen = torch.randperm(len(dataset.samples), generator=generator)[:SOURCES_KEPT]
    real = data.to_range(dataset.samples[chosen], settings.data_range)
    return data.from_range(recipe.source(settings, real), settings.data_range)


def told(conditions: Tensor, indices: Tensor, data_range: str) -> Tensor:
    """The conditions with these numbers, counted round and round, as a generator takes them."""
    chosen = conditions[indices % len(conditions)]
    return data.to_range(chosen, data_range) if chosen.ndim > 1 else chosen


class Painter:
    """Draws one run's galleries."""

    def __init__(self, config: RunConfig, dataset: ImageData | PointData, players: Players) -> None:
        """Args:
        players: on the device that trains; the painter moves its latents there.
        """
        self._players, self._dataset = players, dataset
        self._side, self._range = config.grid, config.settings.data_range
        self.conditions = conditions_of(config, dataset)
        self._shows_sources = self.conditions is not None and self.conditions.ndim > 1
        count = self._count()
        self._latents = latents.from_seed(
            config.seed + GALLERY_SEED_OFFSET,
            count,
            config.settings.latent_dim,
            config.settings.latent_distribution,
        ).to(players.device)
        self._told = None
        if self.conditions is not None:
            self._told = told(self.conditions, torch.arange(count), self._range).to(players.device)

    def _count(self) -> int:
        if isinstance(self._dataset, PointData):
            return POINTS_SHOWN
        # Every other row shows what the row below it was made from.
        return self._side * (math.ceil(self._side / 2) if self._shows_sources else self._side)

    def sample(self) -> Tensor:
        """The gallery's samples from the generator as it is: uint8 images or float32 points, on the CPU.

        To be called between two iterations only.
        """
        network = self._players.shown
        network.eval()
        try:
            with torch.inference_mode():
                drawn = self._players.generate(self._latents, self._told, shown=True)
                return data.from_range(drawn, self._range).cpu()
        finally:
            network.train()

    def picture(self) -> Tensor:
        """The gallery as (3, H, W) uint8."""
        drawn = self.sample()
        if isinstance(self._dataset, PointData):
            return scatter(drawn, self._dataset)
        if self._shows_sources and self.conditions is not None:
            sources = self.conditions[torch.arange(len(drawn)) % len(self.conditions)]
            rows = zip(torch.split(sources, self._side), torch.split(drawn, self._side), strict=True)
            drawn = torch.cat([part for pair in rows for part in pair])
        return images.grid(drawn, self._side)


def scatter(points: Tensor, dataset: PointData, side: int = SCATTER_SIDE) -> Tensor:
    """Samples over data in the plane: (3, side, side) uint8, y upwards."""
    real, fake = (_histogram(part, dataset.radius, side) for part in (dataset.points, points))
    canvas = np.zeros((side, side, 3))
    for counts, color in ((real, _REAL_COLOR), (fake, _FAKE_COLOR)):
        full = max(1.0, np.quantile(counts[counts > 0], 0.9) / 2) if counts.any() else 1.0
        strength = np.clip(counts / full, 0, 1)[..., None]
        canvas = canvas * (1 - strength) + strength * np.array(color)
    return torch.from_numpy(canvas.round().astype(np.uint8)).permute(2, 0, 1)


def _histogram(points: Tensor, radius: float, side: int) -> NDArray[np.float64]:
    edges = np.linspace(-radius, radius, side + 1)
    finite = points[torch.isfinite(points).all(dim=1)].numpy()
    counts: NDArray[np.float64] = np.histogram2d(-finite[:, 1], finite[:, 0], bins=(edges, edges))[0]
    return counts
