"""Samples from a generator's weights, apart from the networks that train."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from gancore import data, latents
from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError
from gancore.gallery import told
from gancore.i18n import _
from gancore.networks import shape_of
from gancore.players import build_players

_BATCH = 256


class Sampler:
    """A generator with given weights, on the CPU in float32; safe to call from one thread at a time.

    It never touches a live run's networks.
    """

    def __init__(self, folder: RunFolder, weights: dict[str, Tensor]) -> None:
        """Args:
        folder: the run's.
        weights: a generator's, from :meth:`RunFolder.load_weights` or :meth:`Run.snapshot`.

        Raises:
            CheckpointError: when the run has not trained yet or the weights are another network's.
        """
        self.id = folder.id
        resolved = folder.read_resolved()
        if resolved is None:
            raise CheckpointError(_("run {run} has not started to train yet, so it has no samples", run=self.id))
        self.config = folder.read_config()
        self.shape = shape_of(resolved.shape)
        self.classes = resolved.classes
        self.conditions = folder.read_conditions()
        """What the generator can be told: (K,) labels or (K, C, H, W) uint8 images; None for an unconditional run."""
        self._players = build_players(
            self.config, self.shape, torch.device("cpu"), "float32", max(1, len(resolved.classes))
        )
        self.load(weights)

    def load(self, weights: dict[str, Tensor]) -> None:
        """Draw from other weights of the same run.

        Raises:
            CheckpointError: when they are another network's.
        """
        try:
            self._players.generator.load_state_dict(weights)
        except RuntimeError as error:
            message = _("the weights do not belong to run {run}'s generator: {error}", run=self.id, error=error)
            raise CheckpointError(message) from error
        self._players.generator.eval()

    def modules(self) -> Iterator[nn.Module]:
        """The generator's layers, to be looked at."""
        return self._players.generator.modules()

    @property
    def latent_dim(self) -> int:
        """Length of z."""
        return self.config.settings.latent_dim

    @property
    def condition_names(self) -> list[str]:
        """What the conditions are called, by number: classes, or numbers from 1 for source images."""
        if self.conditions is None:
            return []
        return list(self.classes) if self.conditions.ndim == 1 else [str(n + 1) for n in range(len(self.conditions))]

    def latents(self, seed: int, count: int = 1) -> Tensor:
        """(count, latent_dim) latents that ``seed`` stands for."""
        return latents.from_seed(seed, count, self.latent_dim, self.config.settings.latent_distribution)

    def common_latents(self, seed: int, count: int = 1) -> Tensor:
        """(count, latent_dim) latents that ``seed`` stands for in every run: see :func:`gancore.latents.common`."""
        return latents.common(seed, count, self.latent_dim, self.config.settings.latent_distribution)

    def labels(self, count: int) -> Tensor | None:
        """(count,) int64 classes that the first samples are made under; None where the generator is told none."""
        if self.conditions is None or self.conditions.ndim > 1:
            return None
        return self.conditions[torch.arange(count) % len(self.conditions)]

    def images(self, z: Tensor, condition: int | None = None) -> Tensor:
        """Samples of latents.

        Args:
            z: (N, latent_dim).
            condition: number of the one condition that all are made under; None: one after the other.

        Returns:
            (N, C, H, W) uint8 images, or (N, 2) float32 points.
        """
        return torch.cat(list(self._blocks(z, condition)))

    def copy(self) -> Sampler:
        """Another of the same weights, for another thread; this one may go on to load others."""
        twin = copy.copy(self)
        generator = copy.deepcopy(self._players.generator).requires_grad_(False)
        twin._players = replace(self._players, generator=generator)
        return twin

    def generate(self, z: Tensor, numbers: Tensor | None) -> Tensor:
        """What :meth:`images` are made from; gradients of z pass through it.

        Args:
            z: (N, latent_dim).
            numbers: (N,) of the conditions; None for an unconditional run.

        Returns:
            (N, C, H, W) float32 images in the recipe's range, or (N, 2) points.
        """
        given = None
        if self.conditions is not None and numbers is not None:
            given = told(self.conditions, numbers, self.config.settings.data_range)
        return self._players.generate(z, given)

    def _blocks(self, z: Tensor, condition: int | None) -> Iterator[Tensor]:
        data_range, done = self.config.settings.data_range, 0
        with torch.inference_mode():
            for block in torch.split(z, _BATCH):
                given = None
                if self.conditions is not None:
                    numbers = torch.arange(done, done + len(block))
                    given = told(
                        self.conditions, numbers if condition is None else 0 * numbers + condition, data_range
                    )
                yield data.from_range(self._players.generate(block, given), data_range)
                done += len(block)
