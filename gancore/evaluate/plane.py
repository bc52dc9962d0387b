"""Numbers for points in the plane."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from gancore.evaluate.bootstrap import REPLICATES, Interval, centred, count_interval, count_replicates, mean_interval
from gancore.evaluate.metrics import Measurement
from gancore.plane import COUNTED, mode_coverage
from gancore.points import PointData

COORDINATES = "coordinates"
"""What stands where an extractor's name does: points are their own features."""
PROJECTIONS = 64


def sliced_wasserstein(samples: Tensor, real: Tensor) -> float:
    """Mean Wasserstein-1 distance of both sets' projections onto 64 directions, in units of the plane.

    Rabin et al. 2012, Wasserstein Barycenter and its Application to Texture Mixing. Along one line the distance is
    the mean gap between sorted values.

    Args:
        samples, real: (N, 2) points, as many of both.
    """
    angles = torch.arange(PROJECTIONS) * (math.pi / PROJECTIONS)
    directions = torch.stack([angles.cos(), angles.sin()])
    gaps = (samples @ directions).sort(dim=0).values - (real @ directions).sort(dim=0).values
    return float(gaps.abs().mean())


def plane_quality(samples: Tensor, dataset: PointData) -> dict[str, float]:
    """``wasserstein``, and of a mixture ``modes`` and ``high_quality``.

    Args:
        samples: (N, 2); PacGAN counts :data:`gancore.plane.COUNTED`.
    """
    count = min(len(samples), len(dataset.points), COUNTED)
    found = {"wasserstein": sliced_wasserstein(samples[:count], dataset.points[:count])}
    if dataset.modes is not None:
        coverage = mode_coverage(samples, dataset.modes, dataset.sigma)
        found |= {"modes": float(coverage.covered), "high_quality": coverage.high_quality}
    return found


def measure_points(samples: Tensor, dataset: PointData, seed: int = 0) -> list[Measurement]:
    """The numbers of :func:`plane_quality` with bootstrap intervals.

    Args:
        samples: (N, 2); the distance is of the first of them where the data has fewer.
        seed: of the bootstrap.
    """
    real = dataset.points[: len(samples)]
    first = samples[: len(real)]
    distance = sliced_wasserstein(first, real)
    draw = torch.Generator().manual_seed(seed)
    again = [
        sliced_wasserstein(first[torch.randint(len(first), (len(first),), generator=draw)], real)
        for _ in range(REPLICATES)
    ]
    values: dict[str, tuple[float, Interval]] = {
        "wasserstein": (distance, centred(distance, np.array(again), lowest=0))
    }
    if dataset.modes is not None:
        found = mode_coverage(samples, dataset.modes, dataset.sigma)
        near = int(found.counts.sum())
        drawn = count_replicates(np.append(found.counts.numpy(), len(samples) - near), seed)[:, :-1]
        values["mixture_modes"] = found.covered, count_interval(found.covered, (drawn > 0).sum(axis=1))
        values["high_quality"] = found.high_quality, mean_interval(torch.arange(len(samples)) < near, seed)
    return [
        Measurement(name=name, value=value, low=low, high=high, samples=len(samples), extractor=COORDINATES)
        for name, (value, (low, high)) in values.items()
    ]
