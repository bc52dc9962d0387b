"""What a GAN in the plane looks like from inside, and how much of a mixture it makes.

The layers are those of GAN Lab (Kahng et al. 2018, arXiv:1809.01587): samples, what the discriminator says
everywhere, what the generator does to its latent space, and where it is pushed.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn

from gancore import data, latents
from gancore.config import RunConfig
from gancore.errors import RunError
from gancore.i18n import _
from gancore.latents import Distribution
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.recipes.recipe import D_REAL, Players
from gancore.sources import is_points

WITHIN = 3.0
"""Standard deviations from its mode within which a sample is of high quality."""
COUNTED = 2_500
"""Samples that the numbers of a mixture are counted over, as in PacGAN."""
REAL_SHOWN, FAKE_SHOWN, ARROWS = 1_500, 800, 96
FIELD_SIDE, MANIFOLD_SIDE = 48, 21
TAIL = 0.005
"""Probability left out at either end of each axis of a normal z, which has no end."""
_SEED_OFFSET = 2_000_003


@dataclass(frozen=True)
class ModeCoverage:
    """How much of a mixture samples make; see :func:`mode_coverage`."""

    covered: int
    """Modes with at least one sample of high quality."""
    high_quality: float
    """Share of the samples within 3 sigma of their nearest mode, in [0, 1]."""
    counts: Tensor
    """(K,) int64: samples of high quality of each mode."""
    kl: float
    """Reverse Kullback-Leibler divergence in nats, 0 where every mode is made as often; infinite without samples."""


@dataclass(frozen=True)
class PlaneView:
    """A run in the plane at one moment; float32 tensors on the CPU."""

    iteration: int
    radius: float
    """Half the side of the square around 0 that is shown."""
    real: Tensor
    """(at most 1,500, 2) of the data's points, always the same."""
    fake: Tensor
    """(800, 2) samples of always the same z."""
    field: Tensor
    """(S, S): what D says at even steps over the square, y upwards with the row, x with the column."""
    field_kind: Literal["probability", "score"]
    """``probability``: D(x) in [0, 1]; ``score``: a critic's output, whose zero and scale mean nothing."""
    field_limits: tuple[float, float, float]
    """Lowest, middle and highest value of the field's colours; the middle is where real and fake weigh the same."""
    manifold: Tensor
    """(rows, columns, 2): G over a grid of z whose cells are all as likely; one row where z is one number."""
    arrows: Tensor
    """(A, 2): D's slope at the first A of ``fake``, which way they are pushed; 95 % at most 1 long, none above 2."""
    push: float
    """Score gained per unit of length where an arrow has length 1."""
    label: str | None = None
    """The class that field and manifold are for, where the recipe is told one; ``fake`` has all in turn."""
    modes: Tensor | None = None
    """(K, 2) centres of a mixture."""
    sigma: float = 0.0
    coverage: ModeCoverage | None = None
    """Of 2,500 samples, for mixtures."""


def points_of(config: RunConfig) -> PointData:
    """A run's data set, if it is one of points.

    Raises:
        RunError: when it is one of images.
        DataError: when its file is missing or damaged.
    """
    dataset = data.load(config.data) if is_points(config.data) else None
    if not isinstance(dataset, PointData):
        raise RunError(_("{data} is a data set of images; expected one of points in the plane", data=config.data))
    return dataset


def look(
    players: Players,
    config: RunConfig,
    dataset: PointData,
    iteration: int,
    *,
    label: int = 0,
    field_side: int = FIELD_SIDE,
    manifold_side: int = MANIFOLD_SIDE,
) -> PlaneView:
    """Look at a run between two of its iterations; nothing of the training changes, its randomness included.

    Args:
        players: on any device; the samples are those of the generator that samples come from.
        label: the class that field and manifold are for, where the recipe is told one.
        field_side: points a side of the discriminator's field.
        manifold_side: latents a side of the generator's grid. Where z has more than two numbers the others stay in
            the middle.
    """
    recipe, settings = recipe_of(config.preset), config.settings
    classes = dataset.classes if recipe.conditioned_on == "label" else ()
    label = min(label, len(classes) - 1)
    kind: Literal["probability", "score"] = "probability" if D_REAL in recipe.series else "score"
    device, radius = players.device, dataset.radius
    # Augmentation would draw from the training's generator; float32 is smoother, and quicker for networks this small.
    still = replace(players, augmentation="none", autocast=False)
    draw = torch.Generator().manual_seed(config.seed + _SEED_OFFSET)
    count = COUNTED if dataset.modes is not None else FAKE_SHOWN
    z = latents.draw(count, settings.latent_dim, settings.latent_distribution, draw)
    grid = latent_grid(manifold_side, settings.latent_dim, settings.latent_distribution)
    axis = torch.linspace(-radius, radius, field_side)
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=2).reshape(-1, 2)
    stride = math.ceil(len(dataset.points) / REAL_SHOWN)
    real, labels = dataset.points[::stride], dataset.labels[::stride]
    in_turn = torch.arange(count) % max(1, len(classes))

    def told(which: Tensor | int, count: int) -> Tensor | None:
        return torch.as_tensor(which).expand(count).to(device) if classes else None

    with _at_rest(still.shown, still.discriminator):
        with torch.no_grad():
            samples = still.generate(z.to(device), told(in_turn, count), shown=True)
            spread = grid.reshape(-1, settings.latent_dim).to(device)
            manifold = still.generate(spread, told(label, len(spread)), shown=True)
            field = _score(still, places.to(device), told(label, len(places))).cpu()
            weights = [
                _score(still, points.to(device), told(which, len(points))).mean().cpu()
                for points, which in ((real, labels), (samples[:FAKE_SHOWN], in_turn[:FAKE_SHOWN]))
            ]
        arrows = _push(still, samples[:ARROWS], told(in_turn[:ARROWS], ARROWS))
    samples, field = samples.cpu(), field.reshape(field_side, field_side)
    middle = float(sum(weights)) / 2
    lengths = arrows.norm(dim=1)
    push = float(lengths.quantile(0.95)) if bool(torch.isfinite(lengths).all()) else 0.0
    return PlaneView(
        iteration=iteration,
        radius=radius,
        real=real,
        fake=samples[:FAKE_SHOWN].clone(),
        field=field.sigmoid() if kind == "probability" else field,
        field_kind=kind,
        field_limits=(0.0, 0.5, 1.0) if kind == "probability" else _limits(field, middle),
        manifold=manifold.cpu().reshape(*grid.shape[:2], 2),
        arrows=arrows / (lengths / 2).clamp(min=push)[:, None] if push else torch.zeros_like(arrows),
        push=push,
        label=classes[label] if classes else None,
        modes=dataset.modes,
        sigma=dataset.sigma,
        coverage=None if dataset.modes is None else mode_coverage(samples, dataset.modes, dataset.sigma),
    )


def latent_grid(side: int, dim: int, distribution: Distribution) -> Tensor:
    """Latents on a grid whose cells are all as likely: even steps for ``uniform``, quantiles for ``normal``.

    Returns:
        (side, side, dim), the first number of z growing along a row and the second from row to row; the others stay
        in the middle. (1, side, 1) where z is one number.
    """
    steps = torch.linspace(0, 1, side)
    middle = 0.5
    if distribution == "normal":
        steps, middle = torch.special.ndtri(TAIL + (1 - 2 * TAIL) * steps), 0.0
    if dim == 1:
        return steps[None, :, None]
    plane = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=2)
    return torch.cat([plane, torch.full((side, side, dim - 2), middle)], dim=2)


def mode_coverage(points: Tensor, modes: Tensor, sigma: float) -> ModeCoverage:
    """The three numbers of PacGAN's section 4.1 (Lin et al. 2018, arXiv:1712.04086), there of 2,500 samples.

    Every sample belongs to its nearest mode. The divergence is of the samples' distribution over the modes from the
    even one, and counts samples of low quality too; it is at most log K.

    Args:
        points: (N, 2) samples; those that are not finite belong to no mode and are of low quality.
        modes: (K, 2) centres.
        sigma: standard deviation of each mode along each axis.
    """
    finite = points[torch.isfinite(points).all(dim=1)]
    # Differences, not cdist's expansion: 3 sigma is 0.03 on the ring, and the expansion loses digits there.
    distances, nearest = (finite[:, None] - modes.to(points)).square().sum(dim=2).sqrt().min(dim=1)
    counts = torch.bincount(nearest[distances <= WITHIN * sigma], minlength=len(modes)).cpu()
    shares = torch.bincount(nearest, minlength=len(modes)).double() / len(finite) if len(finite) else torch.empty(0)
    return ModeCoverage(
        covered=int((counts > 0).sum()),
        high_quality=int(counts.sum()) / max(1, len(points)),
        counts=counts,
        kl=float(torch.special.xlogy(shares, shares * len(modes)).sum()) if len(finite) else math.inf,
    )


def _score(players: Players, points: Tensor, labels: Tensor | None) -> Tensor:
    """(N, 2) points -> (N,) scores; a discriminator of packs is shown packs of one point repeated."""
    packing = players.packing
    # AC-GAN's discriminator guesses the label that others are told.
    is_told = len(inspect.signature(players.discriminator.forward).parameters) > 1
    told = labels.repeat_interleave(packing) if labels is not None and is_told else None
    return players.score(points.repeat_interleave(packing, dim=0), told)[:, 0]


def _push(players: Players, samples: Tensor, labels: Tensor | None) -> Tensor:
    """(A, 2): the gradient of the score at each sample, up which every generator's loss goes.

    How steeply depends on the loss, and is left out: what the recipes share is the discriminator's slope.
    """
    points = samples.detach().clone().requires_grad_()
    with torch.enable_grad():
        (slope,) = torch.autograd.grad(_score(players, points, labels).sum(), points)
    return slope.cpu()


def _limits(field: Tensor, middle: float) -> tuple[float, float, float]:
    """Colours of a critic's field: as far up as down from the middle, and all but the last hundredth within."""
    middle = middle if math.isfinite(middle) else 0.0
    away = (field - middle).abs().flatten()
    reach = float(away[torch.isfinite(away)].quantile(0.99)) if bool(torch.isfinite(away).any()) else 0.0
    reach = reach or 1.0
    return middle - reach, middle, middle + reach


@contextmanager
def _at_rest(*networks: nn.Module) -> Iterator[None]:
    """Networks in evaluation mode, each module put back as it was."""
    before = [(module, module.training) for network in networks for module in network.modules()]
    for network in networks:
        network.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training
