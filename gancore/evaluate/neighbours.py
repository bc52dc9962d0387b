"""Metrics that ask who lies near whom: precision, recall, density, coverage, and copies of training images.

All take feature vectors, (N, d) float32. Distances are Euclidean and computed block by block, so that 10,000 against
60,000 vectors fit in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

PRECISION_NEIGHBOURS = 3
"""k of precision and recall, as in their paper and in torch-fidelity."""
DENSITY_NEIGHBOURS = 5
"""k of density and coverage, as in their paper."""
_BLOCK = 1000


@dataclass(frozen=True)
class Manifold:
    """Points with the distance of each to its k-th nearest other: the balls that stand for a distribution."""

    points: Tensor
    """(N, d)."""
    precision_radii: Tensor
    """(N,) distances to the 3rd nearest other point."""
    density_radii: Tensor
    """(N,) distances to the 5th nearest other point."""

    @classmethod
    def of(cls, points: Tensor) -> Manifold:
        """The balls of ``points``; of fewer than 6 points, the radii reach to the farthest."""
        nearest = []
        for _, distances in _blocks(points, points):
            # The point itself is among them, at distance 0.
            taken = distances.topk(min(DENSITY_NEIGHBOURS + 1, len(points)), largest=False).values
            nearest.append(taken[:, [min(k, taken.shape[1] - 1) for k in (PRECISION_NEIGHBOURS, DENSITY_NEIGHBOURS)]])
        radii = torch.cat(nearest)
        return cls(points, radii[:, 0].clone(), radii[:, 1].clone())


@dataclass(frozen=True)
class Overlap:
    """How samples and real points lie in each other's balls, point by point; each metric is the mean of one."""

    precision: Tensor
    """(samples,) 1 where a sample lies in some real point's ball."""
    recall: Tensor
    """(real,) 1 where a real point lies in some sample's ball."""
    density: Tensor
    """(samples,) in how many real balls a sample lies, divided by k."""
    coverage: Tensor
    """(real,) 1 where a real point's ball holds some sample."""


def overlap(samples: Tensor, real: Manifold) -> Overlap:
    """Compare samples with real points.

    Precision and recall: Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2, k = 3. Density and coverage:
    Naeem et al. 2020, arXiv:2002.09797, equations 4 and 5, k = 5. Balls are closed, as in torch-fidelity.

    Args:
        samples: (N, d) features of generated images.
        real: the reference's.
    """
    radii = Manifold.of(samples).precision_radii
    recall = torch.zeros(len(real.points), dtype=torch.bool)
    coverage = torch.zeros(len(real.points), dtype=torch.bool)
    precise, dense = [], []
    for rows, distances in _blocks(samples, real.points):
        precise.append((distances <= real.precision_radii).any(dim=1))
        inside = distances <= real.density_radii
        dense.append(inside.sum(dim=1))
        coverage |= inside.any(dim=0)
        recall |= (distances <= radii[rows, None]).any(dim=0)
    return Overlap(
        precision=torch.cat(precise).float(),
        recall=recall.float(),
        density=torch.cat(dense).float() / DENSITY_NEIGHBOURS,
        coverage=coverage.float(),
    )


def nearest(points: Tensor, bank: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest of ``bank`` to each of ``points``.

    Returns:
        (N,) distances and (N,) indices into ``bank``.
    """
    indices = torch.cat([distances.argmin(dim=1) for _, distances in _blocks(points, bank)])
    # Distances of a whole block come from inner products, whose rounding would hide that a copy's is 0.
    return (points - bank[indices]).norm(dim=1), indices


def nearest_few(point: Tensor, bank: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The nearest of ``bank`` to one point, nearest first.

    Args:
        point: (d,).
        bank: (N, d), of any type; the differences are taken in float32, block by block.

    Returns:
        (count,) distances and (count,) indices into ``bank``, fewer where there are no more.
    """
    distances = torch.cat([(block.float() - point.float()).norm(dim=1) for block in torch.split(bank, _BLOCK)])
    found = distances.topk(min(count, len(bank)), largest=False)
    return found.values, found.indices


def _blocks(points: Tensor, others: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Rows of the distance matrix, with which rows they are."""
    for start in range(0, len(points), _BLOCK):
        rows = slice(start, start + _BLOCK)
        yield rows, torch.cdist(points[rows], others)
