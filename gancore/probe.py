"""Takes the signals while a recipe's step runs, without the recipe knowing and without changing what it computes.

Everything passes through few places: batches through the feed, samples through ``Players.generate``, scores through
``Players.score``, updates through the optimizers, whose official hooks are set for probed iterations only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gancore import signals
from gancore.recipes.recipe import Feed, Players
from gancore.signals import PROBE_EVERY, SIGNAL_NAMES


@dataclass
class _Watched:
    """A player's weights in one optimizer."""

    player: str
    optimizer: Optimizer
    weights: list[Tensor]
    before: list[Tensor] = field(default_factory=list)
    """The weights before a step. Kept from probe to probe: to allocate them anew would cost more than to copy."""


class _WatchedFeed:
    """A feed whose real batches are noted."""

    def __init__(self, feed: Feed, probe: Probe) -> None:
        self._feed, self._probe = feed, probe

    def real(self) -> Tensor:
        batch = self._feed.real()
        self._probe.given(batch)
        return batch

    def latents(self, count: int) -> Tensor:
        return self._feed.latents(count)

    def labels(self) -> Tensor:
        return self._feed.labels()

    def random_labels(self, count: int) -> Tensor:
        return self._feed.random_labels(count)

    def uniform(self, *sizes: int) -> Tensor:
        return self._feed.uniform(*sizes)


class Probe:
    """Watches the steps of one pair of players.

    A batch is real or fake by the memory it lies in, which detaching, reversing gradients and reshaping share;
    what is made from both, such as a penalty's places between them, is neither. A recipe that scores a copy of its
    batches (noise added, two batches joined) therefore has no scores here: its signals of them are nan.
    """

    def __init__(self, players: Players, limits: tuple[float, float] | None, labelled: bool) -> None:
        """Args:
        limits: lowest and highest value a real sample can have; None where there are none, as of points.
        labelled: whether further columns of the scores are a class's and not a patch's: then only the first counts.
        """
        self._players, self._limits, self._labelled = players, limits, labelled
        self._watched = [
            _Watched(player, optimizer, weights)
            for player, network in (("d", players.discriminator), ("g", players.generator))
            for optimizer in players.optimizers.values()
            if (weights := _weights_in(optimizer, network))
        ]
        self._nan = torch.full((), torch.nan, device=players.device)
        self._forget()

    @staticmethod
    def is_due(iteration: int) -> bool:
        """Whether an iteration, counted from 1, is probed."""
        return (iteration - 1) % PROBE_EVERY == 0

    @contextmanager
    def watch(self, feed: Feed) -> Iterator[Feed]:
        """Probe the one step that runs meanwhile on the feed this gives; :meth:`take` then has its signals."""
        self._forget()
        hooks = [hook for watched in self._watched for hook in self._hooked(watched)]
        self._players.observer = self
        try:
            yield _WatchedFeed(feed, self)
        finally:
            self._players.observer = None
            for hook in hooks:
                hook.remove()

    @torch.no_grad()
    def take(self) -> Tensor:
        """(len(SIGNALS),) float32 on the players' device, nan where there is none; forgets the step."""
        found = self._found
        if self._pulls:
            found["sample_gradient"] = torch.stack(list(self._pulls.values())).mean()
        if self._fake:
            fake = self._fake[-1].detach()
            if self._real:
                found["spread"] = signals.spread(fake) / signals.spread(self._real[-1].detach())
            if self._limits is not None:
                found["outside"] = signals.outside(fake, self._limits)
        row = torch.stack([found.get(name, self._nan).float() for name in SIGNAL_NAMES])
        self._forget()
        return row

    def given(self, batch: Tensor) -> None:
        """Note a real batch."""
        self._real.append(batch)

    def generated(self, samples: Tensor) -> None:
        """Note what ``generate`` made, and let the gradient that reaches it be measured."""
        index = len(self._fake)
        self._fake.append(samples)
        if samples.requires_grad:
            samples.register_hook(lambda gradient: self._pulled(index, gradient))  # type: ignore[no-untyped-call]

    def scored(self, samples: Tensor, scores: Tensor) -> None:
        """Note what ``score`` said of real or fake samples."""
        place = _place(samples)
        for kind, batches in (("real", self._real), ("fake", self._fake)):
            if any(place == _place(batch) for batch in batches):
                columns = scores.detach().reshape(len(scores), -1)
                self._scores[kind] = columns[:, 0] if self._labelled else columns.mean(1)

    def _forget(self) -> None:
        # References are held for a step, so that memory is not given to another batch meanwhile.
        self._real: list[Tensor] = []
        self._fake: list[Tensor] = []
        self._scores: dict[str, Tensor] = {}
        self._pulls: dict[int, Tensor] = {}
        self._found: dict[str, Tensor] = {}

    def _pulled(self, index: int, gradient: Tensor) -> None:
        # A recipe may let D's backward pass run into G; the one before G's own step is the last.
        self._pulls[index] = signals.pull(gradient.detach(), self._players.packing)

    def _hooked(self, watched: _Watched) -> list[Any]:
        return [
            watched.optimizer.register_step_pre_hook(lambda *_: self._before(watched)),
            watched.optimizer.register_step_post_hook(lambda *_: self._after(watched)),
        ]

    @torch.no_grad()
    def _before(self, watched: _Watched) -> None:
        gradients = [weight.grad for weight in watched.weights if weight.grad is not None]
        if gradients:
            self._found[f"{watched.player}_gradient"] = signals.length(gradients)
        if not watched.before:
            watched.before = [torch.empty_like(weight) for weight in watched.weights]
        torch._foreach_copy_(watched.before, watched.weights)
        if watched.player == "d" and len(self._scores) == 2:
            real, fake = self._scores["real"], self._scores["fake"]
            self._found["d_accuracy"] = signals.order_accuracy(real, fake)
            self._found["real_score"], self._found["fake_score"] = real.mean(), fake.mean()

    @torch.no_grad()
    def _after(self, watched: _Watched) -> None:
        torch._foreach_sub_(watched.before, watched.weights)
        change = signals.length(watched.before)
        self._found[f"{watched.player}_update"] = change / signals.length(watched.weights)


def _weights_in(optimizer: Optimizer, network: nn.Module) -> list[Tensor]:
    theirs = {id(weight) for weight in network.parameters()}
    return [weight for group in optimizer.param_groups for weight in group["params"] if id(weight) in theirs]


def _place(samples: Tensor) -> int:
    return samples.untyped_storage().data_ptr()
