"""What a network's layers let through while it trains: activations on the way forward, gradients on the way back."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gancore.layers import layers_of, own_parameters

ENDS: dict[type[nn.Module], tuple[float, float]] = {nn.Tanh: (-1.0, 1.0), nn.Sigmoid: (0.0, 1.0)}
"""Layers whose values have ends, and where these are."""
END = 0.01
"""A value is at an end within this share of the way between them, where the slope is 4 % of its largest or less."""


def share_at_ends(values: Tensor, ends: tuple[float, float]) -> float:
    """Share of values within :data:`END` of either end, or beyond it."""
    low, high = ends
    margin = END * (high - low)
    return float(((values < low + margin) | (values > high - margin)).float().mean())


class Tally:
    """Mean, deviation, lowest and highest of values that come in parts (Chan et al. 1979, equation 2.1)."""

    def __init__(self) -> None:
        self.count, self.mean, self._squares = 0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf

    def add(self, values: Tensor) -> None:
        """Take in a tensor of any shape but an empty one."""
        added = values.numel()
        variance, mean = torch.var_mean(values, correction=0)
        total, away = self.count + added, float(mean) - self.mean
        self._squares += float(variance) * added + away**2 * self.count * added / total
        self.mean += away * added / total
        self.count = total
        self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    @property
    def std(self) -> float:
        """Of the values as a population."""
        return math.sqrt(self._squares / self.count)

    @property
    def rms(self) -> float:
        """Root mean square."""
        return math.hypot(self.mean, self.std)


class Probe:
    """What one module's outputs were, and what gradients came back to them."""

    def __init__(self, module: nn.Module, clock: Iterator[int]) -> None:
        self.module, self._clock = module, clock
        self.called: int | None = None
        """Its place in the order of execution; None until then."""
        self.shape: tuple[int, ...] | None = None
        """Of the output for one sample."""
        self.activations, self.gradients, self.weight_gradients = Tally(), Tally(), Tally()
        self._live: Tensor | None = None
        self._at_ends = 0.0
        self._pending: list[Tensor] = []

    @property
    def dead(self) -> float | None:
        """Share of a ReLU's neurons, or feature maps, that were 0 for every sample and place; None for the others."""
        return None if self._live is None else 1 - float(self._live.float().mean())

    @property
    def saturated(self) -> float | None:
        """Share of values at the ends of tanh or sigmoid; None for the others."""
        measured = type(self.module) in ENDS and self.activations.count
        return self._at_ends / self.activations.count if measured else None

    def forward(self, _module: nn.Module, _inputs: Any, output: Any) -> None:
        """A forward hook."""
        if not isinstance(output, Tensor):
            return
        if self.called is None:
            self.called = next(self._clock)
        values = output.detach()
        self.shape = tuple(values.shape[1:])
        self.activations.add(values)
        if isinstance(self.module, nn.ReLU):
            live = (values != 0).movedim(1, 0).flatten(1).any(1)
            self._live = live if self._live is None else self._live | live
        if (ends := ENDS.get(type(self.module))) is not None:
            self._at_ends += share_at_ends(values, ends) * values.numel()
        if output.requires_grad:
            output.register_hook(self._backward)  # type: ignore[no-untyped-call]

    def _backward(self, gradient: Tensor) -> None:
        # A gradient penalty goes backward with a graph first, for a score's gradient and not for the loss's.
        if not torch.is_grad_enabled():
            self._pending.append(gradient)

    def keep(self) -> None:
        """Count the gradients of the backward pass just done."""
        for gradient in self._pending:
            self.gradients.add(gradient)
        for name, parameter in own_parameters(self.module).items():
            if not _is_bias(name) and parameter.grad is not None:
                self.weight_gradients.add(parameter.grad)

    def forget(self) -> None:
        """Let go of gradients that were counted, or that served another network's update."""
        self._pending.clear()

    def weights(self) -> Tally:
        """What the module multiplies with as it is now, biases left out.

        Of a normalised layer that is the normalised weight. It has to be in evaluation mode: in training mode every
        look at that weight is a step of the power iteration.
        """
        tally = Tally()
        with torch.no_grad():
            for name in {name.partition(".")[0] for name in own_parameters(self.module) if not _is_bias(name)}:
                tally.add(getattr(self.module, name))
        return tally


def _is_bias(name: str) -> bool:
    return name.partition(".")[0] == "bias"


@contextmanager
def watched(
    networks: Mapping[str, nn.Module], optimizers: Iterable[Optimizer]
) -> Iterator[dict[str, dict[str, Probe]]]:
    """Probes by network and path that fill while the networks train; the path ``""`` is a whole network's.

    A network's gradients are those of the backward passes whose optimizer changes it: what goes through D on its way
    to G is not counted as D's.
    """
    clock = count()
    probes = {
        name: {path: Probe(module, clock) for path, module in {**layers_of(network), "": network}.items()}
        for name, network in networks.items()
    }
    handles = [probe.module.register_forward_hook(probe.forward) for own in probes.values() for probe in own.values()]
    for optimizer in optimizers:
        changed = {id(value) for group in optimizer.param_groups for value in group["params"]}
        trained = [name for name, network in networks.items() if changed & {id(w) for w in network.parameters()}]
        handles.append(optimizer.register_step_pre_hook(_settle(probes, trained)))
    try:
        yield probes
    finally:
        for handle in handles:
            handle.remove()


def _settle(probes: Mapping[str, Mapping[str, Probe]], trained: list[str]) -> Callable[..., None]:
    def before_step(*_args: Any) -> None:
        for name, own in probes.items():
            for probe in own.values():
                if name in trained:
                    probe.keep()
                probe.forget()

    return before_step
