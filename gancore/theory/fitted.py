"""Discriminators and critics trained for a second against a generator that stands still: the answer is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam, RMSprop

from gancore import losses
from gancore.networks import leaky_relu, mlp, relu
from gancore.players import DrawFrom
from gancore.theory import divergences

Array = NDArray[np.float64]

SIGMA = 0.5
"""Of both normal distributions that :func:`winning_discriminator` and :func:`clipped_critic` tell apart."""
_DATA = ((-2.0, 0.5, 0.5), (1.5, 1.0, 0.5))
"""Mean, deviation and share of the mixture's parts."""
_SAMPLES = (0.0, 1.5)


@dataclass(frozen=True)
class FittedDiscriminator:
    """A network trained by cross-entropy beside the discriminator that theory gives."""

    places: Array
    real: Array
    """Density of the data."""
    fake: Array
    """Density of the samples."""
    best: Array
    """p_data / (p_data + p_g)."""
    fitted: Array
    value: float
    """V of the network."""
    best_value: float
    """The largest there is."""

    @property
    def error(self) -> float:
        """Mean distance from the best over where data and samples are."""
        weights = self.real + self.fake
        return float((np.abs(self.fitted - self.best) * weights).sum() / weights.sum())


def fit_discriminator(iterations: int = 800, seed: int = 0) -> FittedDiscriminator:
    """Train D by cross-entropy on a mixture of two normals against samples of a third.

    Goodfellow et al. 2014, arXiv:1406.2661, proposition 1, which :func:`divergences.optimal_discriminator` states.
    """
    places = np.linspace(-5, 5, 401)
    step = float(places[1] - places[0])
    real = sum((share * divergences.normal(m, s, places) for m, s, share in _DATA), start=np.zeros_like(places))
    fake = divergences.normal(*_SAMPLES, places)
    network, random = _network((1, 48, 48, 1), 0.2, seed), torch.Generator().manual_seed(seed)
    optimizer = Adam(network.parameters(), 5e-3)
    for _ in range(iterations):
        samples = _SAMPLES[0] + _SAMPLES[1] * torch.randn(1024, 1, generator=random)
        _train(optimizer, losses.bce_real(network(_mixture(1024, random))) + losses.bce_fake(network(samples)))
    with torch.no_grad():
        fitted = network(torch.tensor(places, dtype=torch.float32)[:, None]).sigmoid()[:, 0].double().numpy()
    best = divergences.optimal_discriminator(real, fake)
    value, best_value = (divergences.game_value(real, fake, each, step) for each in (fitted, best))
    return FittedDiscriminator(places, real, fake, best, fitted, value, best_value)


@dataclass(frozen=True)
class Winning:
    """A discriminator that gets ever surer, row by row."""

    iterations: NDArray[np.int64]
    d_fake: Array
    """Mean D(G(z))."""
    saturating: Array
    """Mean length of the gradient at a sample, of log(1 - D(G(z)))."""
    non_saturating: Array
    """The same, of -log D(G(z))."""


def winning_discriminator(gap: float = 4.0, iterations: int = 400, every: int = 20, seed: int = 0) -> Winning:
    """What both generator losses push with while D learns to tell N(0, 1/4) from N(gap, 1/4).

    Arjovsky and Bottou 2017, arXiv:1701.04862, figures 2 and 3.
    """
    network, random = _network((1, 32, 32, 1), 0.2, seed), torch.Generator().manual_seed(seed)
    optimizer = Adam(network.parameters(), 2e-3)
    rows = []
    for iteration in range(iterations + 1):
        real, fake = _two_normals(gap, random)
        if iteration % every == 0:
            pushes = []
            for loss in (losses.saturating, losses.non_saturating):
                at = fake.clone().requires_grad_()
                (slope,) = torch.autograd.grad(loss(network(at)), at)
                pushes.append(float(slope.abs().sum()))
            with torch.no_grad():
                rows.append((iteration, float(network(fake).sigmoid().mean()), *pushes))
        _train(optimizer, losses.bce_real(network(real)) + losses.bce_fake(network(fake)))
    count, d_fake, saturating, non_saturating = np.array(rows).T
    return Winning(count.astype(np.int64), d_fake, saturating, non_saturating)


@dataclass(frozen=True)
class ClippedCritic:
    """What a critic with clipped weights makes of two normals whose Wasserstein distance is known."""

    clip: float
    distance: float
    """W1, exactly."""
    estimate: float
    """Mean score of data minus mean score of samples: the critic loss with its sign changed."""
    scores: Array
    """Size of its score, less that at 0, at :attr:`REACH`."""
    layer_gradients: Array
    """Length of the critic loss's gradient by each layer's output, first layer first."""

    @property
    def ratio(self) -> float:
        """Estimate over distance."""
        return self.estimate / self.distance

    @property
    def gradient_left(self) -> float:
        """The gradient at the first layer over that at the last."""
        return float(self.layer_gradients[0] / self.layer_gradients[-1])


REACH = np.array([1.0, 10.0, 100.0, 1000.0])
"""Places ever further out at which a critic's scores are looked at."""


def clipped_critic(
    clip: float, distance: float = 2.0, *, depth: int = 3, width: int = 64, iterations: int = 80, seed: int = 0
) -> ClippedCritic:
    """Train a critic as Arjovsky et al. 2017, arXiv:1701.07875, Algorithm 1 do, G standing still.

    Args:
        clip: weights are clamped to [-clip, clip] after each step.
        depth: linear layers. The gradient that is left at the first of many is Gulrajani et al. 2017,
            arXiv:1704.00028, figure 1b.
    """
    network, random = _network((1, *[width] * (depth - 1), 1), 0.0, seed), torch.Generator().manual_seed(seed)
    # A tenth of the clip a step: it takes as long to fill a wide range as a narrow one.
    optimizer = RMSprop(network.parameters(), clip / 10)
    for _ in range(iterations):
        real, fake = _two_normals(distance, random)
        _train(optimizer, losses.wasserstein_critic(network(real), network(fake)))
        with torch.no_grad():
            for weight in network.parameters():
                weight.clamp_(-clip, clip)
    real, fake = _two_normals(distance, random, 4096)
    outputs, kept = torch.cat([real, fake]), []
    for layer in network:
        outputs = layer(outputs)
        if isinstance(layer, nn.Linear):
            outputs.retain_grad()
            kept.append(outputs)
    loss = losses.wasserstein_critic(outputs[: len(real)], outputs[len(real) :])
    loss.backward()  # type: ignore[no-untyped-call]
    with torch.no_grad():
        far = torch.tensor(np.append(REACH, 0.0), dtype=torch.float32)[:, None]
        scores = network(far)[:, 0].double().numpy()
    gradients = [float(output.grad.norm()) for output in kept if output.grad is not None]
    return ClippedCritic(clip, distance, -float(loss.detach()), np.abs(scores[:-1] - scores[-1]), np.array(gradients))


def _network(widths: tuple[int, ...], slope: float, seed: int) -> nn.Sequential:
    with DrawFrom(torch.Generator().manual_seed(seed)):
        made = mlp(widths, leaky_relu(slope) if slope else relu)
    # In place, an activation would overwrite the outputs whose gradients are asked for.
    for module in made.modules():
        if isinstance(module, nn.ReLU | nn.LeakyReLU):
            module.inplace = False
    return made


def _mixture(count: int, random: torch.Generator) -> Tensor:
    means, sigmas, shares = (torch.tensor(column) for column in zip(*_DATA, strict=True))
    part = torch.multinomial(shares, count, replacement=True, generator=random)
    return (means[part] + sigmas[part] * torch.randn(count, generator=random))[:, None]


def _two_normals(gap: float, random: torch.Generator, count: int = 512) -> tuple[Tensor, Tensor]:
    """(data, samples)."""
    return SIGMA * torch.randn(count, 1, generator=random), gap + SIGMA * torch.randn(count, 1, generator=random)


def _train(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
