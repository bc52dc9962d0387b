"""The values theory gives are what the recipes log when their discriminator says the same of everything."""

from __future__ import annotations

import pytest
import torch
from tiny_runs import Recorded, players_of, tiny
from torch import Tensor

from gancore.recipes import PRESETS, recipe_of

WITH_LEVELS = [name for name in PRESETS if recipe_of(name).levels(tiny(name).settings)]


@pytest.mark.parametrize("preset", WITH_LEVELS)
def test_an_undecided_discriminator_logs_the_levels(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tiny(preset)
    recipe, players = recipe_of(preset), players_of(config)
    undecided = 0.5 if recipe.name == "lsgan" else 0.0

    def say_nothing(samples: Tensor, _condition: Tensor | None = None) -> Tensor:
        weights = sum(weight.sum() for weight in players.discriminator.parameters())
        return 0 * (samples.flatten(1).sum(1, keepdim=True) + weights) + undecided

    monkeypatch.setattr(players, "score", say_nothing)
    logged = recipe.step(players, config.settings, Recorded(config))
    levels = recipe.levels(config.settings)
    assert {name: logged[name].item() for name in levels} == pytest.approx(
        {name: level.value for name, level in levels.items()}, rel=1e-5
    )
    assert all(torch.isfinite(value) for value in logged.values())


def test_most_recipes_without_a_critic_have_levels() -> None:
    assert {"gan-simple", "gan-deep", "dcgan", "quick", "minimax", "lsgan", "sngan", "r3gan", "grl"} <= set(
        WITH_LEVELS
    )
