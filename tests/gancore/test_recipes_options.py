"""Every preset with packing, augmentation and short batches, on images and on points."""

from __future__ import annotations

import pytest
import torch
from tiny_runs import MNIST, Recorded, players_of, tiny
from torch import Tensor

from gancore.networks import PointShape, Shape
from gancore.recipes import PRESETS, recipe_of

CASES = [
    pytest.param(preset, shape, id=f"{preset}-{'images' if shape == MNIST else 'points'}")
    for preset in PRESETS
    for shape in (MNIST, PointShape())
    if shape == MNIST or recipe_of(preset).points is not None
]


class Short(Recorded):
    """Batches of three, as an epoch may end."""

    def real(self) -> Tensor:
        return super().real()[:5]

    def labels(self) -> Tensor:
        return super().labels()[:5]


def check_step(preset: str, shape: Shape, feed: type[Recorded] = Recorded, **options: object) -> None:
    config = tiny(preset, data="digits" if shape == MNIST else "ring", **{"batch_size": 8, **options})
    players = players_of(config, shape)
    networks = players.generator, players.discriminator
    before = [[weight.clone() for weight in network.parameters()] for network in networks]
    logged = recipe_of(preset).step(players, config.settings, feed(config, shape))
    assert set(logged) == {series.name for series in recipe_of(preset).series}
    for name, value in logged.items():
        assert value.shape == (), name
        assert value.isfinite(), name
        assert not value.requires_grad, name
    for old, network in zip(before, networks, strict=True):
        # Biases aside: where only differences of scores count, the last one's gradient is 0.
        pairs = [(one, two) for one, two in zip(old, network.parameters(), strict=True) if one.ndim > 1]
        still = sum(torch.equal(one, two) for one, two in pairs)
        assert still == (4 if preset == "sagan" else 0), "attention's own wait for gamma to leave 0"
        assert all(weight.isfinite().all() for weight in network.parameters())


@pytest.mark.parametrize("packing", [1, 2])
@pytest.mark.parametrize(("preset", "shape"), CASES)
def test_a_step_moves_every_layer(preset: str, shape: Shape, packing: int) -> None:
    check_step(preset, shape, packing=packing)


@pytest.mark.parametrize(("preset", "shape"), CASES)
def test_a_short_batch_leaves_its_incomplete_pack_out(preset: str, shape: Shape) -> None:
    check_step(preset, shape, Short, packing=2)


@pytest.mark.parametrize("preset", PRESETS)
def test_an_augmented_packed_step_in_bfloat16(preset: str) -> None:
    config = tiny(preset, batch_size=8, packing=2, augment="color, translation, cutout")
    players = players_of(config, MNIST, "bfloat16")
    players.random = torch.Generator().manual_seed(0)
    for _ in range(2):
        feed = Recorded(config)
        logged = recipe_of(preset).step(players, config.settings, feed)
        assert all(value.isfinite() for value in logged.values())
