"""What a recipe is made of: settings, networks with their optimizers, and one step.

A recipe is a value, not a class to derive from. A new variant is a new file in this folder that ends with
``RECIPE = Recipe(...)``; the registry in ``__init__`` finds it, and the menu, the form, the command line and the
tests read the registry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gancore.augment import augment
from gancore.averaging import AveragedGenerator
from gancore.config import RecipeSettings
from gancore.i18n import N_


class Observer(Protocol):
    """Looks on while a step runs, and changes nothing of what it computes."""

    def generated(self, samples: Tensor) -> None:
        """Samples that :meth:`Players.generate` is about to return."""

    def scored(self, samples: Tensor, scores: Tensor) -> None:
        """What :meth:`Players.score` was given, before augmentation, and is about to return."""


@dataclass
class Players:
    """The two networks and what trains them.

    ``generate`` and ``score`` are the only ways a step, a gallery or a page should call the networks: each opens an
    autocast region of its own and returns float32. (One region around a whole step would keep bfloat16 copies of
    weights that the optimizer has changed since.) ``score`` is also where augmentation and packing happen, for every
    recipe alike.
    """

    generator: nn.Module
    discriminator: nn.Module
    optimizers: dict[str, Optimizer]
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    autocast: bool = False
    packing: int = 1
    augmentation: str = "none"
    random: torch.Generator | None = None
    """Draws the augmentation; on the device."""
    averaged: AveragedGenerator | None = None
    """The generator averaged over time, where the settings ask for it."""
    observer: Observer | None = None
    """Told of samples and scores, while there is one."""

    @property
    def shown(self) -> nn.Module:
        """The generator that samples come from: the averaged one where there is one."""
        return self.averaged.network if self.averaged else self.generator

    def generate(self, latents: Tensor, condition: Tensor | None = None, *, shown: bool = False) -> Tensor:
        """Samples in the recipe's range.

        Args:
            latents: (N, latent_dim).
            condition: what a conditional recipe is told: (N,) labels or (N, C, H, W) images; None for the others.
            shown: draw from :attr:`shown` instead of the generator that trains.

        Returns:
            (N, C, H, W) float32 images or (N, 2) points.
        """
        network = self.shown if shown else self.generator
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            samples: Tensor = network(latents) if condition is None else network(latents, condition)
        samples = samples.float()
        if self.observer is not None:
            self.observer.generated(samples)
        return samples

    def score(self, samples: Tensor, condition: Tensor | None = None) -> Tensor:
        """What the discriminator says of samples, augmented and packed as the settings ask.

        Args:
            samples: (N, C, H, W) images or (N, 2) points.
            condition: what a conditional recipe's discriminator is told: (N,) labels, or (N, C, H, W) images, which
                it sees as an image's first channels; None for the others.

        Returns:
            (N / packing, 1) float32 scores, before any sigmoid; more columns where a recipe's discriminator judges
            patches or classes too. Samples left over by an incomplete pack are passed over.
        """
        given, packs = samples, len(samples) // self.packing
        if condition is not None and condition.ndim > 1:
            samples, condition = torch.cat([condition, samples], 1), None
        samples = samples[: packs * self.packing]
        if self.augmentation != "none":
            samples = augment(samples, self.augmentation, self._uniform)
        if self.packing > 1:
            samples = samples.reshape(packs, -1, *samples.shape[2:])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            if condition is None:
                scores: Tensor = self.discriminator(samples)
            else:
                told = condition[: packs * self.packing].reshape(packs, self.packing)
                scores = self.discriminator(samples, told)
        scores = scores.float()
        if self.observer is not None:
            self.observer.scored(given, scores)
        return scores

    def _uniform(self, *sizes: int) -> Tensor:
        return torch.rand(sizes, generator=self.random, device=self.device)


class Feed(Protocol):
    """Where a step's batches and randomness come from."""

    def real(self) -> Tensor:
        """The next batch: (N, C, H, W) float32 in the recipe's range, or (N, 2) points.

        The last of an epoch may be shorter.
        """

    def latents(self, count: int) -> Tensor:
        """(count, latent_dim) fresh latents."""

    def labels(self) -> Tensor:
        """(N,) int64 labels of the batch that :meth:`real` gave last."""

    def random_labels(self, count: int) -> Tensor:
        """(count,) int64 labels, every class as likely."""

    def uniform(self, *sizes: int) -> Tensor:
        """Uniform numbers in [0, 1)."""


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


@dataclass(frozen=True)
class Level:
    """A value that theory gives, such as a loss where the discriminator can tell nothing."""

    value: float
    label: str


LOG_2, LOG_4 = Level(math.log(2), N_("log 2")), Level(math.log(4), N_("log 4"))
MINUS_LOG_2 = Level(-math.log(2), N_("−log 2"))
CROSS_ENTROPY = {"generator_loss": LOG_2, "discriminator_loss": LOG_4}
"""Of the non-saturating loss and the sum of both cross-entropies."""
HINGE = {"discriminator_loss": Level(2.0, "2")}

GENERATOR_LOSS = Series("generator_loss", N_("Generator loss"), tag="Generator")
DISCRIMINATOR_LOSS = Series("discriminator_loss", N_("Discriminator loss"), tag="Discriminator")
D_REAL = Series("d_real", N_("D(x), real"), "probability")
D_FAKE = Series("d_fake", N_("D(G(z)), fake"), "probability")


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
    few: Mapping[str, Any] = field(default_factory=dict)
    """Recipe settings that differ on a data set of few images (:func:`gancore.sources.has_few_images`)."""
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
    build: Callable[..., Players]
    """(settings, shape) -> networks and optimizers, on the CPU, drawn from torch's global generator.

    The discriminator takes ``shape.packed(settings.packing)``. A recipe conditioned on labels is given the number of
    classes as a third argument.
    """
    step: Callable[[Players, Any, Feed], dict[str, Tensor]]
    """(players, settings, feed) -> detached scalars named as in ``series``.

    One generator update with all the discriminator work that belongs to it.
    """
    series: tuple[Series, ...]
    presets: tuple[Preset, ...]
    batches_per_iteration: Callable[[Any], int] = lambda _settings: 1
    """Real batches that one step takes from the feed."""
    conditioned_on: Literal["nothing", "label", "image"] = "nothing"
    """What the generator is told beside z."""
    source: Callable[[Any, Tensor], Tensor] | None = None
    """(settings, real images) -> the images the generator is told, for a recipe conditioned on images."""
    levels: Callable[[Any], Mapping[str, Level]] = lambda _settings: {}
    """(settings) -> column -> its value where data and samples are alike and the discriminator cannot tell them apart
    (Goodfellow et al. 2014, arXiv:1406.2661, theorem 1, or what follows from the recipe's own loss)."""
    points: Mapping[str, Any] | None = None
    """Recipe settings that differ from the preset's on points in the plane; None: it needs images."""
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
