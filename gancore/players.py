"""Building a run's players from its configuration."""

from __future__ import annotations

import threading

import torch

from gancore.config import RunConfig
from gancore.networks import ImageShape
from gancore.recipes import recipe_of
from gancore.recipes.recipe import Players

# Initialisation draws from torch's global generator, which all threads share.
_INIT_LOCK = threading.Lock()


def build_players(config: RunConfig, shape: ImageShape, device: torch.device, precision: str) -> Players:
    """Networks and optimizers of ``config``, initialised from its seed, on ``device``.

    The same seed gives the same weights whatever other threads do: the global generator is held under a lock and
    given back as it was.
    """
    recipe = recipe_of(config.preset)
    with _INIT_LOCK, torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        players = recipe.build(config.settings, shape)
    for network in (players.generator, players.discriminator):
        # Parameters stay the same objects, so the optimizers built over them still hold.
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    players.device, players.autocast = device, precision == "bfloat16"
    return players
