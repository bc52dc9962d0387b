"""The one run manager of the server, shared by every tab."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import torch

from gancore import data
from gancore.devices import resolve_precision
from gancore.feed import Feed
from gancore.players import build_players
from gancore.recipes import configure, recipe_of
from gancore.runs import RunManager
from gancore.shelf import shelf_folder

FIRST_PRESET = "quick"
"""What the Train page has chosen for a first visitor."""

TRAINING_NICENESS = 5
"""Training gives way to the page: on Linux its threads run at this lower priority."""


def runs_folder() -> Path:
    """Where the run folders are: ``GANSCOPE_RUNS``, else ``checkpoints`` beside the packages."""
    return Path(os.environ.get("GANSCOPE_RUNS") or Path(__file__).resolve().parents[1] / "checkpoints")


@functools.cache
def manager() -> RunManager:
    """The server's run manager, which also lists the runs that ship with the program."""
    return RunManager(runs_folder(), niceness=TRAINING_NICENESS, shelf=shelf_folder())


def warm_up() -> None:
    """Do beforehand what would make the first click wait: load the digits, and take a first step on them.

    What torch prepares at its first convolution (threads, kernels) serves every run after it.
    """
    digits, config = data.load("digits"), configure(FIRST_PRESET)
    settings, generator = config.settings, torch.Generator().manual_seed(config.seed)
    device = torch.device("cpu")
    players = build_players(config, digits.shape, device, resolve_precision(config.precision, device))
    batches = data.Batches(digits, settings.batch_size, settings.data_range, generator)
    recipe_of(config.preset).step(players, settings, Feed(batches, config, generator))


def shutdown() -> None:
    """Stop every run with a checkpoint; called when the server stops."""
    manager().shutdown()
