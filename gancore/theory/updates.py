"""What one step does: gradients with and without a detach or a reversal, and what optimizers make of them."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, Optimizer

from gancore import losses
from gancore.networks import leaky_relu, mlp, relu, reverse_gradient
from gancore.players import DrawFrom

_SAMPLES = 256


@dataclass(frozen=True)
class Agreement:
    """Two ways to compute the same thing: how large it is, and how far they differ."""

    size: float
    """Length of the vector that both ways give."""
    difference: float
    """Length of their difference."""

    @classmethod
    def of(cls, first: Tensor, second: Tensor) -> Agreement:
        """Of two vectors."""
        return cls(float(first.norm()), float((first - second).norm()))


@dataclass(frozen=True)
class Detached:
    """D's step with and without ``.detach()``; see :func:`with_and_without_detach`."""

    discriminator: Agreement
    """Of D's gradient."""
    left_in_generator: tuple[float, float]
    """Length of the gradient that it leaves in G: with the detach, and without."""


def with_and_without_detach(seed: int = 0) -> Detached:
    """The gradient of D's loss on samples that were detached from G, and on those that were not.

    Seed 003, section 1.2.
    """
    generator, discriminator = _players(seed)
    real, z = _batch(seed)
    found, left = [], []
    for detached in (True, False):
        for network in (generator, discriminator):
            network.zero_grad(set_to_none=True)
        fake = generator(z)
        _discriminator_loss(discriminator, real, fake.detach() if detached else fake).backward()  # type: ignore[no-untyped-call]
        found.append(_gradient(discriminator))
        left.append(float(_gradient(generator).norm()))
    return Detached(Agreement.of(*found), (left[0], left[1]))


def reversed_gradient(seed: int = 0) -> Agreement:
    """G's gradient behind a reversal layer, held against minus the one without it.

    Ganin and Lempitsky 2015, arXiv:1409.7495, section 3.1: what reaches G through the layer is that of the same loss,
    ascended.
    """
    generator, discriminator = _players(seed)
    _, z = _batch(seed)
    found = []
    for layer in (reverse_gradient, nn.Identity()):
        generator.zero_grad(set_to_none=True)
        losses.bce_fake(discriminator(layer(generator(z)))).backward()  # type: ignore[no-untyped-call]
        found.append(_gradient(generator))
    return Agreement.of(found[0], -found[1])


def one_and_two_optimizers(steps: int = 20, seed: int = 0) -> Agreement:
    """All weights after some reversed-gradient steps by one Adam, and by one of each player with the same settings.

    Adam (Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1) treats every weight by itself.
    """
    found = []
    for together in (True, False):
        players = nn.ModuleList(_players(seed))
        generator, discriminator = players
        parts = [players] if together else [generator, discriminator]
        optimizers = [Adam(part.parameters(), 2e-3, (0.5, 0.9)) for part in parts]
        real, z = _batch(seed)
        for _ in range(steps):
            for optimizer in optimizers:
                optimizer.zero_grad(set_to_none=True)
            _discriminator_loss(discriminator, real, reverse_gradient(generator(z))).backward()  # type: ignore[no-untyped-call]
            for optimizer in optimizers:
                optimizer.step()
        found.append(nn.utils.parameters_to_vector(players.parameters()).detach())
    return Agreement.of(*found)


def step_of_mean_against_sum(steps: int = 20, seed: int = 0) -> dict[str, float]:
    """How far D moves when its loss is the mean of its two parts, as a share of how far the sum moves it.

    Returns:
        ``Adam`` and ``SGD``, after ``steps`` steps each.
    """
    _, start = _players(seed)
    real, z = _batch(seed)
    before = nn.utils.parameters_to_vector(start.parameters()).detach()
    found = {}
    for name in ("Adam", "SGD"):
        moved = []
        for weight in (0.5, 1.0):
            discriminator = copy.deepcopy(start)
            optimizer: Optimizer = (
                Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
                if name == "Adam"
                else SGD(discriminator.parameters(), 1e-3)
            )
            for _ in range(steps):
                optimizer.zero_grad(set_to_none=True)
                (weight * _discriminator_loss(discriminator, real, z)).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            moved.append(float((nn.utils.parameters_to_vector(discriminator.parameters()) - before).detach().norm()))
        found[name] = moved[0] / moved[1]
    return found


def adam_memories(gradient: float, beta1: float = 0.5, beta2: float = 0.999) -> tuple[float, float]:
    """What Adam remembers after one step from a gradient: its means of the gradient and of the gradient's square."""
    weight = nn.Parameter(torch.zeros(()))
    optimizer = Adam([weight], 2e-4, (beta1, beta2))
    weight.grad = torch.tensor(gradient)
    optimizer.step()
    state = optimizer.state[weight]
    return float(state["exp_avg"]), float(state["exp_avg_sq"])


def _players(seed: int) -> tuple[nn.Module, nn.Module]:
    with DrawFrom(torch.Generator().manual_seed(seed)):
        return mlp((2, 32, 2), relu), mlp((2, 32, 32, 1), leaky_relu(0.2))


def _batch(seed: int) -> tuple[Tensor, Tensor]:
    """(real, z): two normal distributions in the plane, a unit apart."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(_SAMPLES, 2, generator=generator) + 1, torch.randn(_SAMPLES, 2, generator=generator)


def _discriminator_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return losses.bce_real(discriminator(real)) + losses.bce_fake(discriminator(fake))


def _gradient(network: nn.Module) -> Tensor:
    """All its weights' gradients in one vector; zeros where nothing was left."""
    return torch.cat(
        [torch.zeros_like(w).flatten() if w.grad is None else w.grad.flatten() for w in network.parameters()]
    )
