"""What tests share: managers that are shut down, tiny configurations, the real MNIST where it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

# Before gancore counts the cores: networks this small are quickest on one, however busy the machine is.
torch.set_num_threads(1)

from gancore.config import RunConfig  # noqa: E402
from gancore.recipes import PRESETS, configure, recipe_of  # noqa: E402
from gancore.runs import RunManager  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]

# Smaller networks of the same kind, so that a test trains in milliseconds.
_SMALL: dict[str, dict[str, Any]] = {
    "gan": {"generator_widths": (16, 24), "discriminator_widths": (24, 16)},
    "dcgan": {
        "generator_hidden": 16,
        "generator_channels": 8,
        "discriminator_channels": 4,
        "discriminator_hidden": 16,
    },
    "wgan": {"generator_hidden": 16, "generator_channels": 8, "critic_channels": 4, "critic_hidden": 16},
    "grl": {"base_channels": 4},
}


def tiny(preset: str, plan: str = "8it", **overrides: Any) -> RunConfig:
    """A preset with small networks, on the digits, in float32 on the CPU, without extra galleries."""
    settings = {"batch_size": 16, "latent_dim": 8, **_SMALL.get(recipe_of(preset).name, {})}
    run = {"plan": plan, "grid": 2, "sample_every": None, "device": "cpu", "precision": "float32"}
    return configure(preset, **{**settings, **run, **overrides})


@pytest.fixture(params=list(PRESETS))
def preset(request: pytest.FixtureRequest) -> str:
    """Every preset's name."""
    return str(request.param)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[RunManager]:
    """A run manager on an empty folder."""
    manager = RunManager(tmp_path / "runs")
    yield manager
    manager.shutdown()


@pytest.fixture
def make_manager(tmp_path: Path) -> Iterator[Callable[..., RunManager]]:
    """Run managers on folders of choice, each shut down at the end."""
    made: list[RunManager] = []

    def make(folder: str = "runs", **options: Any) -> RunManager:
        made.append(RunManager(tmp_path / folder, **options))
        return made[-1]

    yield make
    for manager in made:
        manager.shutdown()


@pytest.fixture
def mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real MNIST, from GANCORE_DATA or from ../shared/data; skips where it is not."""
    folder = Path(os.environ.get("GANCORE_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"no MNIST in {folder}; set GANCORE_DATA to a folder that has it")
    monkeypatch.setenv("GANCORE_DATA", str(folder))
