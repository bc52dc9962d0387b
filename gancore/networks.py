"""Builders shared by recipes. Weights start as PyTorch's defaults, which is what the seed documents use."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

Activation = Callable[[], nn.Module]


class ImageShape(NamedTuple):
    """Channels (1 or 3), height and width in pixels; both sides equal and divisible by 4, from 16 up."""

    channels: int
    height: int
    width: int

    @property
    def values(self) -> int:
        """Numbers in one image."""
        return math.prod(self)

    def packed(self, count: int) -> ImageShape:
        """``count`` images as one, channel after channel: what a packing discriminator sees."""
        return ImageShape(self.channels * count, self.height, self.width)


class PointShape(NamedTuple):
    """A point of the plane."""

    values: int = 2

    def packed(self, count: int) -> PointShape:
        """``count`` points as one, one after the other."""
        return PointShape(self.values * count)


Shape = ImageShape | PointShape
"""What one sample of a data set is."""


def shape_of(sizes: Sequence[int]) -> Shape:
    """The shape that a run's ``resolved.json`` holds as numbers."""
    return PointShape(*sizes) if len(sizes) == 1 else ImageShape(*sizes)


def leaky_relu(slope: float) -> Activation:
    """A factory of LeakyReLU layers with this negative slope."""
    return lambda: nn.LeakyReLU(slope, inplace=True)


def relu() -> nn.Module:
    """A ReLU layer."""
    return nn.ReLU(inplace=True)


def mlp(
    widths: Sequence[int], activation: Activation, norm: Callable[[int], nn.Module] | None = None
) -> nn.Sequential:
    """Linear layers from ``widths[0]`` to ``widths[-1]`` with ``activation`` between them, none after the last.

    Args:
        widths: layer sizes, input first; (N, widths[0]) -> (N, widths[-1]).
        activation: makes the layer after every hidden linear layer.
        norm: makes the normalisation of a hidden width, before the activation on all but the first hidden layer.
    """
    layers: list[nn.Module] = []
    for depth, (inputs, outputs) in enumerate(pairwise(widths[:-1])):
        layers.append(nn.Linear(inputs, outputs))
        if norm is not None and depth > 0:
            layers.append(norm(outputs))
        layers.append(activation())
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))


def conv_generator(latent_dim: int, hidden: int, channels: int, shape: ImageShape) -> nn.Sequential:
    """Seed 004, task 2: two linear layers to a quarter of the size, then two transposed convolutions (4, 2, 1).

    Returns:
        (N, latent_dim) -> (N, C, H, W) in [-1, 1].
    """
    height, width = shape.height // 4, shape.width // 4
    base = channels * height * width
    return nn.Sequential(
        nn.Linear(latent_dim, hidden), nn.BatchNorm1d(hidden), relu(),
        nn.Linear(hidden, base), nn.BatchNorm1d(base), relu(),
        nn.Unflatten(1, (channels, height, width)),
        nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1), nn.BatchNorm2d(channels // 2), relu(),
        nn.ConvTranspose2d(channels // 2, shape.channels, 4, 2, 1), nn.Tanh(),
    )  # fmt: skip


def conv_discriminator(channels: int, hidden: int, slope: float, shape: ImageShape) -> nn.Sequential:
    """Seed 004, task 2: two 5x5 convolutions with max-pooling and two linear layers, no normalisation.

    Returns:
        (N, C, H, W) -> (N, 1) scores.
    """
    activation = leaky_relu(slope)
    flat = 2 * channels * (shape.height // 4) * (shape.width // 4)
    return nn.Sequential(
        nn.Conv2d(shape.channels, channels, 5, padding=2), activation(), nn.MaxPool2d(2),
        nn.Conv2d(channels, 2 * channels, 5, padding=2), activation(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(flat, hidden), activation(), nn.Linear(hidden, 1),
    )  # fmt: skip


class _ReverseGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, inputs: Tensor) -> Tensor:
        return inputs.view_as(inputs)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, grad_output: Tensor) -> Tensor:
        return -grad_output


def reverse_gradient(inputs: Tensor) -> Tensor:
    """The gradient-reversal layer: identity forward, gradient times -1 backward.

    Ganin and Lempitsky 2015, arXiv:1409.7495, with lambda = 1; seed 000, section 1.
    """
    reversed_: Tensor = _ReverseGradient.apply(inputs)
    return reversed_


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Score through ``network`` without computing gradients of its own weights.

    The generator's update needs the gradient through the discriminator, not of it; leaving those out saves a third
    of that backward pass and changes no result.
    """
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


class SelfAttention(nn.Module):
    """Every place of an image looks at every other: y = gamma * o + x, with gamma learned from 0.

    Zhang et al. 2019, arXiv:1805.08318, equations 1 to 3: f, g and h are 1x1 convolutions to an eighth of the
    channels, v one back to all of them; place j takes the share softmax over i of f(x_i) . g(x_j) from place i.
    """

    def __init__(self, channels: int, wrap: Callable[[nn.Module], nn.Module] = lambda layer: layer) -> None:
        """Args:
        channels: of the maps it is given, (N, C, H, W), and gives back.
        wrap: applied to each of its convolutions.
        """
        super().__init__()
        inner = max(1, channels // 8)
        self.f, self.g, self.h = (wrap(nn.Conv2d(channels, inner, 1, bias=False)) for _ in range(3))
        self.v = wrap(nn.Conv2d(inner, channels, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W)."""
        # (N, 1, H * W, inner): one head; only with it does torch leave out the table of all pairs of places.
        keys, queries, values = (layer(maps).flatten(2).mT[:, None] for layer in (self.f, self.g, self.h))
        seen = scaled_dot_product_attention(queries, keys, values, scale=1.0)
        told: Tensor = self.v(seen.mT.reshape(-1, seen.shape[-1], *maps.shape[2:]))
        return self.gamma * told + maps


class LabelledGenerator(nn.Module):
    """A generator that is told a class: the label's embedding stands beside z.

    Mirza and Osindero 2014, arXiv:1411.1784, section 3.2.
    """

    def __init__(self, network: nn.Module, classes: int, width: int) -> None:
        """Args:
        network: (N, latent_dim + width) -> samples.
        width: length of an embedding.
        """
        super().__init__()
        self.embedding = nn.Embedding(classes, width)
        self.network = network

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        """(N, latent_dim) latents and (N,) int64 labels -> samples."""
        samples: Tensor = self.network(torch.cat([latents, self.embedding(labels)], 1))
        return samples
