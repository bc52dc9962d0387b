"""Building a run's players from its configuration."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from gancore.averaging import AveragedGenerator
from gancore.config import RunConfig
from gancore.networks import ImageShape, PointShape, Shape
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players
from gancore.sources import is_points

_RANDOM = frozenset({"uniform_", "normal_", "random_", "bernoulli_", "exponential_"})
_RANDOM_FACTORIES = frozenset({"rand", "randn", "randint", "randperm", "normal", "bernoulli"})


class DrawFrom(TorchFunctionMode):
    """While it is entered, what this thread draws comes from one generator instead of torch's global one.

    Layers initialise themselves from the global generator, which all threads share: a page that draws a latent
    meanwhile would change a seeded run. A mode belongs to its thread, so no lock and no trace on the global state.
    """

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        random = "generator" in given or func.__name__ in _RANDOM or func.__name__ in _RANDOM_FACTORIES
        if random and given.get("generator") is None:
            given["generator"] = self._generator
        return func(*args, **given)


def build_players(config: RunConfig, shape: Shape, device: torch.device, precision: str, classes: int = 1) -> Players:
    """Networks and optimizers of ``config``, initialised from its seed alone, on ``device``.

    Args:
        classes: of the data set; recipes conditioned on labels need it.
    """
    recipe, settings = recipe_of(config.preset), config.settings
    with DrawFrom(torch.Generator().manual_seed(config.seed)):
        told = (classes,) if recipe.conditioned_on == "label" else ()
        players = recipe.build(settings, shape, *told)
    for network in (players.generator, players.discriminator):
        # Parameters stay the same objects, so the optimizers built over them still hold.
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    players.device, players.autocast = device, precision == "bfloat16"
    players.packing, players.augmentation = settings.packing, settings.augment
    if settings.ema_decay:
        players.averaged = AveragedGenerator(players.generator, settings.ema_decay)
    return players


def sketch(config: RunConfig, shape: Shape | None = None, classes: int = 2) -> Players:
    """Networks and optimizers of ``config`` without numbers in them: their names, shapes and rates, for no memory.

    Args:
        shape: of one sample; None: any that the recipe can train on.
        classes: of the data set.
    """
    recipe = recipe_of(config.preset)
    if shape is None:
        shape = PointShape() if is_points(config.data) else ImageShape(1, 28, 28)
    told = (classes,) if recipe.conditioned_on == "label" else ()
    with torch.device("meta"):
        return recipe.build(config.settings, shape, *told)


def copy_players(source: Players, target: Players) -> None:
    """Put the weights and the optimizers' states of one run's players into others of the same configuration.

    They may be on another device; nothing is shared afterwards. The averaged generator is left out.
    """
    target.generator.load_state_dict(source.generator.state_dict())
    target.discriminator.load_state_dict(source.discriminator.state_dict())
    for name, optimizer in source.optimizers.items():
        target.optimizers[name].load_state_dict(copy.deepcopy(optimizer.state_dict()))
