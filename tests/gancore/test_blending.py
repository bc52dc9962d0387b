"""Generators between two checkpoints."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gancore.blending import blend
from gancore.errors import CheckpointError


def network(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    made(torch.randn(8, 3))
    if seed:
        made(torch.randn(8, 3))
    return made


def test_weights_and_statistics_are_mixed_and_counts_come_from_the_nearer_end() -> None:
    first, second = network(0).state_dict(), network(1).state_dict()
    mixed = blend(first, second, 0.25)
    assert mixed.keys() == first.keys()
    for name in ("0.weight", "0.bias", "1.running_mean", "1.running_var"):
        torch.testing.assert_close(mixed[name], 0.75 * first[name] + 0.25 * second[name])
    counts = [int(blend(first, second, share)["1.num_batches_tracked"]) for share in (0.25, 0.75)]
    assert counts == [1, 2]
    for share, end in ((0.0, first), (1.0, second)):
        assert all(torch.equal(blend(first, second, share)[name], end[name]) for name in end)


def test_a_linear_networks_outputs_lie_between_too() -> None:
    first, second, inputs = nn.Linear(3, 2), nn.Linear(3, 2), torch.randn(5, 3)
    middle = nn.Linear(3, 2)
    middle.load_state_dict(blend(first.state_dict(), second.state_dict(), 0.5))
    torch.testing.assert_close(middle(inputs), (first(inputs) + second(inputs)) / 2)


def test_checkpoints_of_different_networks_are_refused() -> None:
    for other in (nn.Linear(3, 3), nn.Linear(3, 2, bias=False)):
        with pytest.raises(CheckpointError, match="of different networks"):
            blend(nn.Linear(3, 2).state_dict(), other.state_dict(), 0.5)
