"""Generators between two checkpoints: their weights, mixed."""

from __future__ import annotations

from torch import Tensor

from gancore.errors import CheckpointError
from gancore.i18n import _


def blend(first: dict[str, Tensor], second: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Weights on the straight line between two checkpoints of one network: (1 - share) first + share second.

    Goodfellow et al. 2015, arXiv:1412.6544, section 2, looks at the loss along such lines; Wang et al. 2018,
    arXiv:1809.00219, section 3.4, mixes two generators so. No training went through these weights: between
    neighbours that training led through one valley they draw good images, between others often worse than either
    end.

    Args:
        first, second: state dicts. BatchNorm's running mean and variance are mixed as the weights are; integers,
            which only count, come from the nearer end.
        share: 0 is the first, 1 the second.

    Raises:
        CheckpointError: when they are not of one network.
    """
    if first.keys() != second.keys() or any(first[name].shape != second[name].shape for name in first):
        raise CheckpointError(_("the two checkpoints are of different networks and cannot be mixed"))
    nearer = first if share < 0.5 else second
    return {
        name: start.lerp(second[name], share) if start.is_floating_point() else nearer[name]
        for name, start in first.items()
    }
