"""95 % intervals by resampling (Efron 1979, Bootstrap methods: another look at the jackknife).

The reference is held fixed: an interval says how far a number would move with other samples of the same generator,
compared with the same real images. Runs evaluated against one reference then vary independently of one another,
which is what :mod:`gancore.evaluate.ranking` needs.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

REPLICATES = 200
LEVEL = 0.95
_BLOCK = 1000

Interval = tuple[float, float]
Statistics = dict[str, NDArray[np.floating]]
"""What torch-fidelity calls the ``mu`` (d,) and ``sigma`` (d, d) of features."""


def centred(value: float, replicates: NDArray[np.floating], lowest: float = -np.inf) -> Interval:
    """The spread of the replicates, laid around the estimate.

    A sample drawn with replacement repeats images, which makes distances between distributions larger by themselves;
    that shift of the replicates' mean says nothing of the estimate and is taken out.

    Args:
        lowest: the least value there can be.
    """
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(replicates - replicates.mean(), [tail, 1 - tail])
    return max(lowest, value + min(0.0, float(low))), value + max(0.0, float(high))


def mean_interval(values: Tensor, seed: int = 0) -> Interval:
    """Interval of the mean of (N,) values, one of each image."""
    numbers = values.double().numpy()
    return centred(float(numbers.mean()), _draws(len(numbers), seed) @ numbers / len(numbers))


def count_interval(value: float, replicates: NDArray[np.floating]) -> Interval:
    """Interval of how many classes are covered: drawing again can only lose one, so it lies below the count."""
    return min(value, float(np.quantile(replicates, (1 - LEVEL) / 2))), value


def count_replicates(counts: NDArray[np.integer], seed: int = 0) -> NDArray[np.integer]:
    """(replicates, classes) histograms of as many images drawn again from a histogram."""
    return np.random.default_rng(seed).multinomial(counts.sum(), counts / counts.sum(), size=REPLICATES)


def frechet_replicates(features: Tensor, reference: Statistics, seed: int = 0) -> NDArray[np.floating]:
    """Fréchet distances of samples drawn again, (replicates,).

    The same distance as torch-fidelity's; the trace of the root of a product is taken through the symmetric
    ``sqrt(B) A sqrt(B)``, which has the same eigenvalues and is several times as quick.
    """
    real_mean, real_sigma = (torch.as_tensor(reference[name]).double() for name in ("mu", "sigma"))
    values, vectors = torch.linalg.eigh(real_sigma)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    count, centre = len(features), features.double().mean(dim=0)
    points = (features - centre).float()
    found = []
    for weights in torch.from_numpy(_draws(count, seed)).float():
        moved = (weights @ points).double() / count
        product = (points.T @ (points * weights[:, None])).double()
        sigma = (product - count * torch.outer(moved, moved)) / (count - 1)
        shared = torch.linalg.eigvalsh(root @ sigma @ root).clamp_min(0).sqrt().sum()
        offset = centre + moved - real_mean
        found.append(float(offset @ offset + sigma.trace() + real_sigma.trace() - 2 * shared))
    return np.array(found)


def kernel_replicates(features: Tensor, reference: Tensor, seed: int = 0) -> NDArray[np.floating]:
    """Kernel distances of samples drawn again, (replicates,), up to the constant that the reference adds.

    Bińkowski et al. 2018, arXiv:1801.01401, with all pairs at once and the kernel of torch-fidelity,
    ``(x y / d + 1)^3``. An image paired with itself, which only drawing again can do, is left out.
    """
    weights = torch.from_numpy(_draws(len(features), seed)).float()
    within = torch.zeros(len(weights), dtype=torch.float64)
    across = torch.zeros(len(weights), dtype=torch.float64)
    for start in range(0, len(features), _BLOCK):
        rows = slice(start, start + _BLOCK)
        kernel = _cubic(features[rows], features)
        kernel[torch.arange(len(kernel)), start + torch.arange(len(kernel))] = 0
        within += ((weights[:, rows] @ kernel) * weights).sum(dim=1, dtype=torch.float64)
        across += (weights[:, rows] @ _cubic(features[rows], reference).mean(dim=1)).double()
    pairs = weights.double().sum(dim=1) ** 2 - (weights.double() ** 2).sum(dim=1)
    found: NDArray[np.floating] = (within / pairs - 2 * across / len(features)).numpy()
    return found


def _cubic(rows: Tensor, columns: Tensor) -> Tensor:
    base = torch.addmm(torch.ones(()), rows, columns.T, alpha=1 / rows.shape[1])
    return base * base * base


def _draws(count: int, seed: int) -> NDArray[np.floating]:
    """(replicates, count): how often each image is in each replicate."""
    draw = np.random.default_rng(seed)
    return np.stack([np.bincount(draw.integers(count, size=count), minlength=count) for _ in range(REPLICATES)]) * 1.0
