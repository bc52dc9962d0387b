"""What a recipe is made of: settings, networks with their optimizers, and one step.

A recipe is a value, not a class to derive from. A new variant is a new file in this folder that ends with
``RECIPE = Recipe(...)``; the registry in ``__init__`` finds it, and the menu, the form, the command line and the
tests read the registry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gancore.config import RecipeSettings
from gancore.networks import ImageShape


@dataclass
class Players:
    """The two networks and what trains them.

    ``generate`` and ``score`` are the only ways a step, a gallery or a page should call the networks: each opens an
    autocast region of its own and returns float32. (One region around a whole step would keep bfloat16 copies of
    weights that the optimizer has changed since.)
    """

    generator: nn.Module
    discriminator: nn.Module
    optimizers: dict[str, Optimizer]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    autocast: bool = False

    def generate(self, latents: Tensor) -> Tensor:
        """(N, latent_dim) latents -> (N, C, H, W) float32 images in the recipe's range."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            images: Tensor = self.generator(latents)
        return images.float()

    def score(self, images: Tensor) -> Tensor:
        """(N, C, H, W) images -> (N, 1) float32 scores, before any sigmoid."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            scores: Tensor = self.discriminator(images)
        return scores.float()


class Feed(Protocol):
    """Where a step's batches and randomness come from."""

    def real(self) -> Tensor:
        """The next batch: (N, C, H, W) float32 in the recipe's range; the last of an epoch may be shorter."""

    def latents(self, count: int) -> Tensor:
        """(count, latent_dim) fresh latents."""


@dataclass(frozen=True)
class Series:
    """One number logged every iteration."""

    name: str
    """Column of the history, such as ``generator_loss``."""
    label: str
    """What a legend calls it."""
    kind: Literal["loss", "probability"] = "loss"
    tag: str = ""
    """Last part of its TensorBoard tag; empty: it has none there."""


GENERATOR_LOSS = Series("generator_loss", "Generator loss", tag="Generator")
DISCRIMINATOR_LOSS = Series("discriminator_loss", "Discriminator loss", tag="Discriminator")
D_REAL = Series("d_real", "D(x), real", "probability")
D_FAKE = Series("d_fake", "D(G(z)), fake", "probability")


@dataclass(frozen=True)
class Preset:
    """Named settings of a recipe, with the document and section they come from."""

    name: str
    summary: str
    source: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Recipe settings that differ from the recipe's defaults."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """Run settings that differ from the defaults, such as ``plan`` and ``grid``."""
    note: str = ""
    """What to know before choosing it: where text and code of the source disagree, what it is a lesson in."""


@dataclass(frozen=True)
class Recipe:
    """One way to train a GAN."""

    name: str
    family: str
    """First part of its TensorBoard tags, such as ``WGAN``."""
    paper: str
    settings: type[RecipeSettings]
    build: Callable[[Any, ImageShape], Players]
    """(settings, shape) -> networks and optimizers, on the CPU, drawn from torch's global generator."""
    step: Callable[[Players, Any, Feed], dict[str, Tensor]]
    """(players, settings, feed) -> detached scalars named as in ``series``.

    One generator update with all the discriminator work that belongs to it.
    """
    series: tuple[Series, ...]
    presets: tuple[Preset, ...]
    batches_per_iteration: Callable[[Any], int] = lambda _settings: 1
    """Real batches that one step takes from the feed."""
    order: int = 100
    """Place in menus, lowest first."""


def adam(network_or_networks: nn.Module, learning_rate: float, beta1: float, beta2: float) -> torch.optim.Adam:
    """Adam with its update fused into one kernel: the same numbers in less time."""
    return torch.optim.Adam(network_or_networks.parameters(), learning_rate, (beta1, beta2), fused=True)


def descend(optimizer: Optimizer, loss: Tensor) -> None:
    """One step of ``optimizer`` down the gradient of ``loss``."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
