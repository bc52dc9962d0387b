"""Configurations that train in milliseconds, for tests and for the scripts that tests start."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# Before gancore counts the cores: networks this small are quickest on one, however busy the machine is.
torch.set_num_threads(1)

from gancore.config import RunConfig  # noqa: E402
from gancore.networks import ImageShape, Shape  # noqa: E402
from gancore.players import build_players  # noqa: E402
from gancore.recipes import Players, configure, recipe_of  # noqa: E402
from gancore.recipes.compact import CompactSettings  # noqa: E402
from gancore.recipes.recipe import Feed  # noqa: E402

MNIST = ImageShape(1, 28, 28)
CPU = torch.device("cpu")
CLASSES = 10

# Smaller networks of the same kind, so that a test trains in milliseconds.
_SMALL: dict[str, dict[str, Any]] = {
    "gan": {"generator_widths": (16, 24), "discriminator_widths": (24, 16)},
    "dcgan": {
        "generator_hidden": 16,
        "generator_channels": 8,
        "discriminator_channels": 4,
        "discriminator_hidden": 16,
    },
    "wgan": {"generator_hidden": 16, "generator_channels": 8, "critic_channels": 4, "critic_hidden": 16},
    "grl": {"base_channels": 4},
    "quick": {
        "generator_hidden": 16,
        "generator_channels": 2,
        "discriminator_channels": 4,
        "discriminator_hidden": 8,
    },
}
_COMPACT = {"generator_channels": 4, "discriminator_channels": 4, "discriminator_hidden": 8, "point_widths": (16, 16)}


FEWER_STEPS: dict[str, dict[str, Any]] = {"wgan": {"critic_steps": 2}}
"""Preset -> settings with which large batches take less time; what is tested does not depend on them."""


def tiny(preset: str, plan: str = "8it", **overrides: Any) -> RunConfig:
    """A preset with small networks, on the digits, in float32 on the CPU, without extra galleries."""
    recipe = recipe_of(preset)
    small = _COMPACT if issubclass(recipe.settings, CompactSettings) else _SMALL[recipe.name]
    settings = {"batch_size": 16, "latent_dim": 8, **small}
    run = {
        "plan": plan,
        "grid": 2,
        "sample_every": None,
        "measure_every": None,
        "device": "cpu",
        "precision": "float32",
    }
    return configure(preset, **{**settings, **run, **overrides})


def players_of(config: RunConfig, shape: Shape = MNIST, precision: str = "float32") -> Players:
    """A configuration's players on the CPU, for ten classes where it is conditioned on them."""
    return build_players(config, shape, CPU, precision, CLASSES)


class Recorded(Feed):
    """Batches, labels and randomness drawn beforehand, so that two ways to train can be given the same."""

    def __init__(self, config: RunConfig, shape: Shape = MNIST, count: int = 40, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.settings = config.settings
        size = (count, config.settings.batch_size)
        self.batches = list(torch.rand((*size, *shape), generator=generator) * 2 - 1)
        self.labels_of = list(torch.randint(CLASSES, size, generator=generator))
        self.generator = torch.Generator().manual_seed(seed + 1)
        self.taken: list[Tensor] = []
        self.drawn: list[Tensor] = []

    def real(self) -> Tensor:
        self.taken.append(self.batches[len(self.taken)])
        return self.taken[-1]

    def latents(self, count: int) -> Tensor:
        self.drawn.append(torch.randn(count, self.settings.latent_dim, generator=self.generator))
        return self.drawn[-1]

    def labels(self) -> Tensor:
        return self.labels_of[len(self.taken) - 1]

    def random_labels(self, count: int) -> Tensor:
        return torch.randint(CLASSES, (count,), generator=self.generator)

    def uniform(self, *sizes: int) -> Tensor:
        return torch.rand(sizes, generator=self.generator)
