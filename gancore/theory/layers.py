"""BatchNorm's eps, units that are dead, and what the presets' networks are made of and make."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import SGD

from gancore import data, losses
from gancore.networks import ImageShape, leaky_relu, mlp, relu
from gancore.players import DrawFrom, build_players
from gancore.recipes import configure
from gancore.recipes.recipe import Players

Array = NDArray[np.float64]

SHAPE = ImageShape(1, 28, 28)


def batchnorm_scale(variances: Array, eps: float) -> Array:
    """Standard deviation of what BatchNorm makes of activations with a variance, before its learned scale.

    Ioffe and Szegedy 2015, arXiv:1502.03167, Algorithm 1: sqrt(variance / (variance + eps)).
    """
    scale: Array = np.sqrt(variances / (variances + eps))
    return scale


@dataclass(frozen=True)
class Normalised:
    """What a generator's BatchNorm layers make of a batch, layer by layer."""

    before: Array
    """Mean variance of a unit's activations."""
    after: Array
    """Mean standard deviation of what leaves the layer."""
    momenta: tuple[float, ...]
    """Of the running means, which training does not use."""


def batchnorm_in_generator(eps: float, seed: int = 0) -> Normalised:
    """The untrained generator of seeds 001 and 003 in training mode, on a batch of 512, with this eps."""
    generator = _players("gan-deep", seed, batchnorm_eps=eps).generator
    before, after, momenta = [], [], []
    outputs = torch.randn(512, 100, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for layer in generator[0]:  # type: ignore[index]
            made = layer(outputs)
            if isinstance(layer, nn.BatchNorm1d):
                before.append(float(outputs.var(0, correction=0).mean()))
                after.append(float(made.var(0, correction=0).sqrt().mean()))
                momenta.append(float(layer.momentum or 0.0))
            outputs = made
    return Normalised(np.array(before), np.array(after), tuple(momenta))


def momentum_against_eps(seed: int = 0) -> tuple[float, float]:
    """How far a layer's outputs in training differ from ``BatchNorm1d(width)``'s: with momentum 0.8, with eps 0.8."""
    activations = 0.6 * torch.randn(512, 16, generator=torch.Generator().manual_seed(seed))
    plain, momentum, eps = nn.BatchNorm1d(16), nn.BatchNorm1d(16, momentum=0.8), nn.BatchNorm1d(16, 0.8)
    with torch.no_grad():
        expected = plain(activations)
        return tuple(float((layer(activations) - expected).abs().max()) for layer in (momentum, eps))  # type: ignore[return-value]


@dataclass(frozen=True)
class Units:
    """Hidden units of a trained network over its whole data."""

    slope: float
    silent: float
    """Share that is below 0 for every input."""
    without_gradient: float
    """Share whose weights get no gradient from any input."""


def dead_units(slope: float, rate: float = 2.0, iterations: int = 200, seed: int = 0) -> Units:
    """Train a discriminator in the plane with steps that are too long, and count its hidden units that gave up.

    Maas et al. 2013 ("Rectifier Nonlinearities Improve Neural Network Acoustic Models") on why the slope helps.

    Args:
        slope: of LeakyReLU below 0; 0 is ReLU.
        rate: of plain gradient descent.
    """
    with DrawFrom(torch.Generator().manual_seed(seed)):
        network = mlp((2, 64, 64, 1), leaky_relu(slope) if slope else relu)
    random = torch.Generator().manual_seed(seed)
    optimizer = SGD(network.parameters(), rate)
    angles = 2 * torch.pi * torch.rand(512, generator=random)
    real = torch.stack([angles.cos(), angles.sin()], 1)
    fake = torch.randn(512, 2, generator=random)
    for _ in range(iterations):
        optimizer.zero_grad(set_to_none=True)
        (losses.bce_real(network(real)) + losses.bce_fake(network(fake))).backward()  # type: ignore[no-untyped-call]
        # Only the length: a step that overflows would kill every unit whatever its slope.
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
    inputs, silent, stuck = torch.cat([real, fake]), [], []
    optimizer.zero_grad(set_to_none=True)
    network(inputs).sum().backward()
    with torch.no_grad():
        for layer in network:
            if isinstance(layer, nn.Linear) and layer is not network[-1]:
                stuck.append((layer.weight.grad.abs().sum(1) == 0).float())  # type: ignore[union-attr]
                silent.append((layer(inputs) <= 0).all(0).float())
            inputs = layer(inputs)
    return Units(slope, float(torch.cat(silent).mean()), float(torch.cat(stuck).mean()))


def layer_counts(preset: str) -> dict[str, Counter[str]]:
    """``generator`` and ``discriminator`` -> the kinds of layers that a preset's network for 28x28 images has."""
    players = _players(preset)
    return {
        name: Counter(type(module).__name__ for module in network.modules())
        for name, network in (("generator", players.generator), ("discriminator", players.discriminator))
    }


def flattened_width(preset: str) -> int:
    """How many numbers the first fully connected layer of a preset's discriminator takes."""
    modules = _players(preset).discriminator.modules()
    return next(module.in_features for module in modules if isinstance(module, nn.Linear))


@dataclass(frozen=True)
class SignRule:
    """Telling data from samples by nothing but a pixel below 0; see :func:`sign_rule`."""

    accuracy: float
    """Share of images and samples told right."""
    negative: float
    """Share of the samples' pixels that lie below 0."""


def sign_rule(data_range: str, count: int = 512, seed: int = 0) -> SignRule:
    """The lab's untrained generator beside the bundled digits, told apart by "a clear pixel below 0 is a sample".

    Args:
        data_range: what the digits are scaled to, ``[0, 1]`` or ``[-1, 1]``.
    """
    players = _players("gan-lab", seed, data_range=data_range)
    digits = data.load("digits").samples[:count].float() / 255
    real = digits if data_range == "[0, 1]" else 2 * digits - 1
    with torch.no_grad():
        fake = players.generate(torch.randn(count, 100, generator=torch.Generator().manual_seed(seed)))
    told = [(batch.flatten(1).min(1).values < -1e-3).float().mean() for batch in (real, fake)]
    return SignRule(float(1 - told[0] + told[1]) / 2, float((fake < 0).float().mean()))


def _players(preset: str, seed: int = 0, **overrides: object) -> Players:
    config = configure(preset, seed=seed, precision="float32", **overrides)
    return build_players(config, SHAPE, torch.device("cpu"), "float32", 10)
