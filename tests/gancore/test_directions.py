"""Directions found from a generator: against hand-made generators, and for every preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_runs import CLASSES, CPU, MNIST, tiny
from torch import Tensor, nn

from gancore import directions, latents
from gancore.errors import CheckpointError
from gancore.gallery import GALLERY_SEED_OFFSET
from gancore.players import build_players
from gancore.recipes import PRESETS, recipe_of
from gancore.sampler import Sampler


class HandMade:
    """A sampler of one network."""

    id, latent_dim = "by-hand", 4

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval()

    def modules(self) -> Any:
        return self.network.modules()

    def latents(self, seed: int, count: int) -> Tensor:
        return latents.from_seed(seed, count, self.latent_dim, "normal")

    def images(self, z: Tensor, condition: int | None = None) -> Tensor:
        with torch.inference_mode():
            result: Tensor = self.network(z)
            return result


def by_hand(strengths: tuple[float, ...] = (1.0, 3.0, 0.5, 2.0)) -> tuple[Any, Tensor]:
    """A sampler whose first layer answers to four known directions with these strengths, and the directions."""
    torch.manual_seed(0)
    basis = torch.linalg.qr(torch.randn(4, 4))[0]
    first, second = nn.Linear(4, 6), nn.Linear(6, 2)
    outwards = torch.linalg.qr(torch.randn(6, 4))[0]
    first.weight = nn.Parameter(outwards @ torch.diag(torch.tensor(strengths)) @ basis.T)
    return HandMade(nn.Sequential(first, second)), basis.T


@pytest.mark.parametrize(("method", "tolerance"), [(directions.sefa, 1e-5), (directions.ganspace, 0.12)])
def test_known_directions_are_found_the_strongest_first(method: Any, tolerance: float) -> None:
    sampler, basis = by_hand()
    found = method(sampler, 3)
    for vector, wanted in zip(found.vectors, basis[[1, 3, 0]], strict=True):
        assert abs(float(vector @ wanted)) == pytest.approx(1, abs=tolerance)
    # Squares of 3, 2 and 1 among those of 1, 3, 0.5 and 2.
    assert found.shares.tolist() == pytest.approx([9 / 14.25, 4 / 14.25, 1 / 14.25], abs=max(tolerance / 3, 1e-4))
    largest = found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True))
    assert (largest > 0).all(), "an eigenvector's sign is arbitrary"


def test_components_are_those_of_what_the_second_layer_is_given() -> None:
    sampler, _basis = by_hand((3.0, 2.0, 1.0, 0.1))
    closed = nn.Sequential(sampler.network[0], nn.Hardtanh(-1e-6, 1e-6), sampler.network[1])
    share = directions.ganspace(sampler, 1).shares[0]
    assert directions.ganspace(HandMade(closed), 1).shares[0] < share, "the activation is seen"  # type: ignore[arg-type]


def test_a_generator_that_never_takes_z_as_it_is_says_so() -> None:
    class Squares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))

        def forward(self, z: Tensor) -> Tensor:
            result: Tensor = self.layers(z.square())
            return result

    with pytest.raises(CheckpointError, match="no layer of run by-hand's generator takes z as it is"):
        directions.sefa(HandMade(Squares()), 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_directions_that_move_its_samples(preset: str, tmp_path: Path) -> None:
    sampler, recipe = Sampler.__new__(Sampler), recipe_of(preset)
    sampler.id, sampler.config, sampler.shape = preset, tiny(preset), MNIST
    sampler._players = build_players(sampler.config, MNIST, CPU, "float32", CLASSES)
    sampler._players.generator.eval()
    sources = torch.randint(0, 256, (3, *MNIST), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    sampler.conditions = {"nothing": None, "label": torch.arange(CLASSES), "image": sources}[recipe.conditioned_on]
    for found in (directions.sefa(sampler, 5), directions.ganspace(sampler, 5, 0)):
        assert found.vectors.shape == (5, sampler.latent_dim)
        torch.testing.assert_close(found.vectors.norm(dim=1), torch.ones(5))
        assert found.shares.diff().max() <= 0
        assert 0 < float(found.shares.sum()) <= 1 + 1e-5
        base = sampler.latents(GALLERY_SEED_OFFSET)
        drawn = sampler._players.generator if recipe.conditioned_on == "nothing" else None
        if drawn is not None:  # uint8 would hide what untrained generators change
            with torch.inference_mode():
                assert not torch.equal(drawn(base + 3 * found.vectors[:1]), drawn(base))
