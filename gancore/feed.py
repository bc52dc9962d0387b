"""What a run's steps are fed with: batches, labels, latents and randomness."""

from __future__ import annotations

import torch
from torch import Tensor

from gancore import data, latents
from gancore.config import RunConfig


class Feed:
    """Batches and latents of one run, drawn from its own generator."""

    def __init__(
        self, batches: data.Batches, config: RunConfig, generator: torch.Generator, classes: int = 1
    ) -> None:
        self._batches, self._settings, self._generator = batches, config.settings, generator
        self._classes = classes

    def real(self) -> Tensor:
        return self._batches.next()

    def latents(self, count: int) -> Tensor:
        settings = self._settings
        return latents.draw(count, settings.latent_dim, settings.latent_distribution, self._generator)

    def labels(self) -> Tensor:
        return self._batches.labels

    def random_labels(self, count: int) -> Tensor:
        return torch.randint(self._classes, (count,), generator=self._generator, device=self._generator.device)

    def uniform(self, *sizes: int) -> Tensor:
        return torch.rand(sizes, generator=self._generator, device=self._generator.device)
