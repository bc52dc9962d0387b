"""Initial weights come from a run's seed alone."""

import threading

import pytest
import torch
from tiny_runs import tiny
from torch import nn

from gancore.networks import ImageShape
from gancore.players import DrawFrom, build_players

SHAPE = ImageShape(1, 28, 28)
CPU = torch.device("cpu")


def weights(preset: str, seed: int = 0) -> list[torch.Tensor]:
    players = build_players(tiny(preset, seed=seed), SHAPE, CPU, "float32")
    return [*players.generator.parameters(), *players.discriminator.parameters()]


def test_the_global_generator_is_neither_read_nor_moved(preset: str) -> None:
    torch.manual_seed(1)
    first, state = weights(preset), torch.get_rng_state()
    torch.manual_seed(2)
    second = weights(preset)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
    assert any(not torch.equal(one, two) for one, two in zip(first, weights(preset, seed=1), strict=True))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.Linear(30, 40),
        lambda: nn.Conv2d(8, 6, 5),
        lambda: nn.ConvTranspose2d(8, 6, 4),
    ],
)
def test_layers_have_torchs_own_distribution(layer) -> None:  # type: ignore[no-untyped-def]
    with DrawFrom(torch.Generator().manual_seed(0)):
        ours = layer()
    torch.manual_seed(0)
    assert all(torch.equal(one, two) for one, two in zip(ours.parameters(), layer().parameters(), strict=True))


def test_other_threads_draw_from_the_global_generator_meanwhile() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    drawn = []
    with DrawFrom(torch.Generator().manual_seed(0)):
        thread = threading.Thread(target=lambda: drawn.append(torch.rand(4)))
        thread.start()
        thread.join()
    assert torch.equal(drawn[0], expected)
