"""The one run manager of the server, shared by every tab."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from gancore import data
from gancore.runs import RunManager

TRAINING_NICENESS = 5
"""Training gives way to the page: on Linux its threads run at this lower priority."""


def runs_folder() -> Path:
    """Where the run folders are: ``GANSCOPE_RUNS``, else ``checkpoints`` beside the packages."""
    return Path(os.environ.get("GANSCOPE_RUNS") or Path(__file__).resolve().parents[1] / "checkpoints")


@functools.cache
def manager() -> RunManager:
    """The server's run manager."""
    return RunManager(runs_folder(), niceness=TRAINING_NICENESS)


def warm_up() -> None:
    """Do beforehand what would make the first click wait."""
    data.load("digits")


def shutdown() -> None:
    """Stop every run with a checkpoint; called when the server stops."""
    manager().shutdown()
