"""Two-dimensional data sets: mixtures with known modes, curves, and what a person drew.

Points keep the scale of their papers, so that "within 3 sigma of a mode" means there what it means here.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gancore.errors import DataError
from gancore.i18n import _
from gancore.networks import PointShape

COUNT = 100_000
"""Points of a generated set, as in PacGAN's set-ups."""
DRAWN_SUFFIX = ".csv"


@dataclass(frozen=True)
class PointData:
    """A two-dimensional data set in memory."""

    name: str
    points: Tensor
    """(N, 2) float32."""
    labels: Tensor
    """(N,) int64: which mode a point was drawn from, 0 where there are no modes."""
    classes: tuple[str, ...]
    modes: Tensor | None = None
    """(K, 2) centres of the mixture's Gaussians; None where the set is no mixture."""
    sigma: float = 0.0
    """Standard deviation of each mode along each axis."""

    @property
    def samples(self) -> Tensor:
        """The points, under the name that images have too."""
        return self.points

    @property
    def shape(self) -> PointShape:
        """Two coordinates."""
        return PointShape(self.points.shape[1])

    @property
    def radius(self) -> float:
        """Half the side of the square around 0 that shows every point with a margin."""
        return 1.15 * float(self.points.abs().max())


def is_points_file(name: str) -> bool:
    """Whether a data set's name is a file of points, as the drawing page writes it."""
    return name.lower().endswith(DRAWN_SUFFIX)


def make_points(name: str) -> PointData:
    """One of :data:`GENERATED`, always the same points."""
    return GENERATED[name](torch.Generator().manual_seed(0))


def read_points(path: Path) -> PointData:
    """Points from a file of two numbers a line, separated by a comma; a heading is passed over.

    The points are moved to the middle and scaled to a largest coordinate of 1, so that one learning rate fits all.

    Raises:
        DataError: when the file cannot be read, or holds fewer than 10 points that are not all the same.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty file is said below
            table = np.genfromtxt(path, delimiter=",", dtype=np.float64, ndmin=2)
    except (OSError, ValueError) as error:
        raise DataError(
            _("{file} cannot be read as points: {reason}", file=path, reason=" ".join(str(error).split()))
        ) from error
    found = table[np.isfinite(table).all(axis=1)] if table.shape[1] == 2 else np.empty((0, 2))
    if len(found) < 10 or np.ptp(found, axis=0).max() == 0:
        raise DataError(
            _(
                "{file} holds {count} points in two columns; expected at least 10 that are not all the same",
                file=path,
                count=len(found),
            )
        )
    middle = (found.max(axis=0) + found.min(axis=0)) / 2
    points = torch.from_numpy((found - middle) / np.abs(found - middle).max()).float()
    # A file has an order, such as stroke after stroke, and whoever takes the first few is to get a fair draw.
    points = points[torch.randperm(len(points), generator=torch.Generator().manual_seed(0))]
    return PointData(str(path), points, torch.zeros(len(points), dtype=torch.int64), (path.stem,))


def _mixture(name: str, modes: Tensor, sigma: float, generator: torch.Generator) -> PointData:
    labels = torch.randint(len(modes), (COUNT,), generator=generator)
    points = modes[labels] + sigma * torch.randn(COUNT, 2, generator=generator)
    return PointData(name, points, labels, tuple(f"mode {index}" for index in range(len(modes))), modes, sigma)


def _ring(generator: torch.Generator) -> PointData:
    """PacGAN (Lin et al. 2018, arXiv:1712.04086), section 4.1: 8 Gaussians of sigma 0.01 on the unit circle."""
    angles = torch.arange(8) * (2 * math.pi / 8)
    return _mixture("ring", torch.stack([angles.cos(), angles.sin()], 1), 0.01, generator)


def _grid(generator: torch.Generator) -> PointData:
    """PacGAN, section 4.1: 25 Gaussians of sigma 0.05 at (-4 + 2i, -4 + 2j)."""
    axis = torch.arange(-4.0, 5.0, 2.0)
    return _mixture("grid", torch.cartesian_prod(axis, axis), 0.05, generator)


def _spiral(generator: torch.Generator) -> PointData:
    """Two arms of one and a half turns, evenly dense along the arm."""
    turns = 1.5 * torch.rand(COUNT, generator=generator).sqrt()
    arms = torch.randint(2, (COUNT,), generator=generator)
    angles = 2 * math.pi * turns + math.pi * arms
    points = (turns / 1.5)[:, None] * torch.stack([angles.cos(), angles.sin()], 1)
    return PointData("spiral", points + 0.02 * torch.randn(COUNT, 2, generator=generator), arms, ("arm 1", "arm 2"))


def _moons(generator: torch.Generator) -> PointData:
    """scikit-learn's two interleaving half circles, with noise of sigma 0.05, around 0."""
    from sklearn.datasets import make_moons

    seed = int(torch.randint(2**31, (1,), generator=generator))
    points, labels = make_moons(COUNT, noise=0.05, random_state=seed)
    centred = torch.from_numpy(points - [0.5, 0.25]).float()
    return PointData("moons", centred, torch.from_numpy(labels).long(), ("upper", "lower"))


GENERATED: dict[str, Callable[[torch.Generator], PointData]] = {
    "ring": _ring,
    "grid": _grid,
    "spiral": _spiral,
    "moons": _moons,
}
"""Name -> how its points are drawn."""
