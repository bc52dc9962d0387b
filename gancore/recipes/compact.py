"""The small networks that the recipes beyond the seeds share, so that these differ in their equations alone.

A DCGAN (Radford et al. 2015, arXiv:1511.06434) made for a laptop: many small steps teach more in a minute than few
large ones. Points in the plane get multilayer perceptrons.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from pydantic import Field
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gancore.config import AdamSettings, Widths
from gancore.i18n import N_
from gancore.networks import ImageShape, Shape, leaky_relu, mlp, relu

SLOPE = 0.2
"""Negative slope of the discriminator's LeakyReLU, as DCGAN has it."""

Wrap = Callable[[nn.Module], nn.Module]


class CompactSettings(AdamSettings):
    """Settings of the shared networks, and of Adam with the decay rates that suit them."""

    batch_size: int = Field(64, ge=2, le=8192, title=N_("Batch size"), description=N_("Real samples in one batch."))
    latent_dim: int = Field(
        64, ge=1, le=1024, title=N_("Latent dimensions"), description=N_("Length of the vector z.")
    )
    generator_channels: int = Field(
        64,
        ge=2,
        le=1024,
        multiple_of=2,
        title=N_("Generator channels"),
        description=N_("Feature maps at a quarter size."),
    )
    discriminator_channels: int = Field(
        32,
        ge=2,
        le=1024,
        multiple_of=2,
        title=N_("Discriminator channels"),
        description=N_("Feature maps at a quarter size."),
    )
    discriminator_hidden: int = Field(
        128, ge=1, le=8192, title=N_("Discriminator hidden width"), description=N_("D's last hidden layer.")
    )
    point_widths: Widths = Field(
        (128, 128, 128),
        min_length=1,
        title=N_("Widths for points"),
        description=N_("Hidden layers of both networks on points in the plane."),
    )


POINTS = {"batch_size": 256, "latent_dim": 2, "learning_rate": 1e-3}
"""Settings for points in the plane, where z has as many dimensions as the data, so that it can be drawn."""


def as_it_is(layer: nn.Module) -> nn.Module:
    """No change: the discriminator's layers without spectral normalisation."""
    return layer


def spectral(layer: nn.Module) -> nn.Module:
    """A layer whose weight is divided by its largest singular value (Miyato et al. 2018, arXiv:1802.05957)."""
    return spectral_norm(layer)


def compact_generator(settings: CompactSettings, shape: Shape, inputs: int | None = None) -> nn.Module:
    """(N, inputs) -> (N, C, H, W) in [-1, 1], or (N, 2) without bounds.

    Args:
        inputs: width of the first layer's input; None: the latents alone.
    """
    inputs = settings.latent_dim if inputs is None else inputs
    if not isinstance(shape, ImageShape):
        return mlp((inputs, *settings.point_widths, shape.values), relu)
    width, height, across = settings.generator_channels, shape.height // 4, shape.width // 4
    return nn.Sequential(
        nn.Linear(inputs, width * height * across, bias=False),
        nn.Unflatten(1, (width, height, across)), nn.BatchNorm2d(width), relu(),
        nn.ConvTranspose2d(width, width // 2, 4, 2, 1, bias=False), nn.BatchNorm2d(width // 2), relu(),
        nn.ConvTranspose2d(width // 2, shape.channels, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def compact_features(settings: CompactSettings, shape: Shape, wrap: Wrap = as_it_is) -> tuple[nn.Sequential, int]:
    """All of a discriminator but its last layer: (N, C, H, W) or (N, 2) -> (N, features), and how many features.

    Args:
        shape: what it sees, packing included.
        wrap: applied to every layer with weights.
    """
    act = leaky_relu(SLOPE)
    if not isinstance(shape, ImageShape):
        widths = (shape.values, *settings.point_widths)
        layers = [part for pair in pairwise(widths) for part in (wrap(nn.Linear(*pair)), act())]
        return nn.Sequential(*layers), widths[-1]
    width, hidden = settings.discriminator_channels, settings.discriminator_hidden
    return nn.Sequential(
        wrap(nn.Conv2d(shape.channels, width // 2, 4, 2, 1)), act(),
        wrap(nn.Conv2d(width // 2, width, 4, 2, 1)), act(),
        nn.Flatten(), wrap(nn.Linear(width * (shape.height // 4) * (shape.width // 4), hidden)), act(),
    ), hidden  # fmt: skip


def compact_discriminator(
    settings: CompactSettings, shape: Shape, wrap: Wrap = as_it_is, outputs: int = 1
) -> nn.Module:
    """(N, C, H, W) or (N, 2) -> (N, outputs) scores; the arguments are :func:`compact_features`'s."""
    features, width = compact_features(settings, shape, wrap)
    return nn.Sequential(*features, wrap(nn.Linear(width, outputs)))
