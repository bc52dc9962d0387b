"""What steering does to a run's players, in its training thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from gancore.config import RecipeSettings, RunConfig
from gancore.recipes.recipe import Players
from gancore.schedule import Position
from gancore.steering import Change, Steering, Trains, differences, in_force, merged, planned_steering, wanted


class Helm:
    """Holds one run's players to what is in force."""

    def __init__(self, players: Players, config: RunConfig) -> None:
        """Args:
        players: as they were built, before a checkpoint is put into them.
        """
        self._players, self._config = players, config
        self._planned = planned_steering(players, config.settings)
        self._planned_rates = {
            name: [group["lr"] for group in optimizer.param_groups] for name, optimizer in players.optimizers.items()
        }
        self._share: float | None = None
        self._before: tuple[Change, ...] = ()
        self.take_over(())

    def take_over(self, changes: Sequence[Change]) -> None:
        """Go on from the changes that a checkpoint was saved with."""
        self.changes = self._before = tuple(changes)
        self._hold_to(in_force(self._planned, changes))

    def steer(self, position: Position, asked: Mapping[str, Any]) -> bool:
        """Change what is asked for after the iteration of ``position``; whether that was anything new.

        Args:
            asked: the arguments of :func:`gancore.steering.wanted`.

        Raises:
            ConfigError: when something asked for is not valid; then nothing is changed.
        """
        after = wanted(self.steering, self._config, **asked)
        new = differences(self.steering, after, position)
        # What was logged before this process or this branch stays as it is: the plan may be another since.
        self.changes = (*self._before, *merged(self.changes[len(self._before) :], new))
        self._hold_to(after)
        return bool(new)

    def set_rates(self, share: float) -> None:
        """Give the optimizers this share of their full rates."""
        if share == self._share:
            return
        self._share = share
        for name, optimizer in self._players.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self._full_rates[name], strict=True):
                group["lr"] = share * rate

    @contextmanager
    def holding(self) -> Iterator[None]:
        """While it is entered, the player that does not train is played with and stays as it is.

        Its optimizer finds no gradients, so that the other player meets it unchanged also where it would step first.
        What else a step changes (BatchNorm's statistics, spectral normalisation's vectors, clipped weights) is put
        back at the end.
        """
        held = self._held()
        if held is None:
            yield
            return
        kept = [(tensor, tensor.detach().clone()) for tensor in (*held.parameters(), *held.buffers())]

        def drop_gradients(*_: object) -> None:
            for weight in held.parameters():
                weight.grad = None

        hooks = [optimizer.register_step_pre_hook(drop_gradients) for optimizer in self._players.optimizers.values()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            with torch.no_grad():
                for tensor, value in kept:
                    tensor.copy_(value)

    @property
    def generator_trains(self) -> bool:
        """Whether the generator is not held."""
        return self.steering.trains != "discriminator"

    def _held(self) -> nn.Module | None:
        held: dict[Trains, nn.Module] = {
            "discriminator": self._players.generator,
            "generator": self._players.discriminator,
        }
        return held.get(self.steering.trains)

    def _hold_to(self, steering: Steering) -> None:
        self.steering = steering
        self._share = None  # to be given anew
        self.settings: RecipeSettings = self._config.settings
        if steering.critic_steps is not None:
            self.settings = self.settings.model_copy(update={"critic_steps": steering.critic_steps})
        self._full_rates = {
            name: rates if steering.learning_rates[name] == rates[0] else [steering.learning_rates[name]] * len(rates)
            for name, rates in self._planned_rates.items()
        }
