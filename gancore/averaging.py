"""The generator averaged over time: smoother samples from the same training."""

from __future__ import annotations

import copy

import torch
from torch import nn


class AveragedGenerator:
    """An exponential moving average of a generator's weights and BatchNorm statistics.

    Yazıcı et al. 2019, arXiv:1806.04498. The decay starts low and rises to its value, as
    min(decay, (1 + n) / (10 + n)) after n updates, so that the untrained weights are soon forgotten.
    """

    def __init__(self, generator: nn.Module, decay: float) -> None:
        """Args:
        generator: what is averaged; on the device that trains.
        decay: share of the past that one update keeps, below 1.
        """
        self.network = copy.deepcopy(generator).requires_grad_(False)
        self.decay, self.updates = decay, 0

    @torch.no_grad()
    def update(self, generator: nn.Module) -> None:
        """Move towards ``generator``; called after each of its updates."""
        weight = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        mine, theirs = list(self.network.state_dict().values()), list(generator.state_dict().values())
        averaged = [index for index, value in enumerate(theirs) if value.is_floating_point()]
        torch._foreach_lerp_([mine[index] for index in averaged], [theirs[index] for index in averaged], weight)
        for index, value in enumerate(theirs):
            if not value.is_floating_point():
                mine[index].copy_(value)
