"""Configurations that train in milliseconds, for tests and for the scripts that tests start."""

from __future__ import annotations

from typing import Any

import torch

# Before gancore counts the cores: networks this small are quickest on one, however busy the machine is.
torch.set_num_threads(1)

from gancore.config import RunConfig  # noqa: E402
from gancore.recipes import configure, recipe_of  # noqa: E402

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
