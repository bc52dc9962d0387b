"""Whether a generator repeats training images.

Each sample's distance to the nearest training image, in feature space, is held against the distances of held-out
images, which nobody can have copied (the idea of Meehan et al. 2020, arXiv:2004.05675, in its simplest form).
"""

from __future__ import annotations

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from gancore.evaluate.bootstrap import centred, mean_interval
from gancore.evaluate.metrics import Measurement
from gancore.evaluate.neighbours import nearest
from gancore.evaluate.reference import TrainingImages
from gancore.i18n import _, in_english

PERCENTILE = 1
"""Of held-out images this many in a hundred are nearer to a training image than the limit."""
SUSPICIOUS_SHARE = 0.05
"""More samples than this below the limit speak for copies."""
PAIRS = 8


class Pair(BaseModel):
    """A sample and the training image nearest to it."""

    model_config = ConfigDict(frozen=True)

    sample: int
    """Its number among the seed's samples."""
    training: int
    """Its number among the training images."""
    distance: float
    limit: float
    """Below it lie 1 % of held-out images."""


class Memorisation(BaseModel):
    """What was found, in words and in pairs to look at."""

    model_config = ConfigDict(frozen=True)

    suspicious: bool
    verdict: str
    """One sentence for a reader, in English; :attr:`gancore.evaluate.evaluate.Evaluation.verdict` is in any."""
    pairs: tuple[Pair, ...]
    """The samples nearest to training images, nearest first."""


def memorisation(
    features: Tensor, training: TrainingImages, extractor: str, seed: int = 0
) -> tuple[Memorisation, list[Measurement]]:
    """Look for copies of training images.

    Args:
        features: (N, d) of the samples.
        training: by the same extractor.
        seed: of the bootstrap.

    Returns:
        The finding, and the measurements ``copies`` and ``nearest_ratio``.
    """
    distances, indices = nearest(features, training.features)
    held_out = training.held_out_distances
    limit = float(torch.quantile(held_out.double(), PERCENTILE / 100))
    below = (distances < limit).float()
    share, (low, high) = float(below.double().mean()), mean_interval(below, seed)
    typical = max(float(held_out.median()), 1e-12)
    ratio = float(distances.median()) / typical
    draw = np.random.default_rng(seed)
    again = np.median(draw.choice(distances.numpy(), (200, len(distances))), axis=1) / typical
    ratio_low, ratio_high = centred(ratio, again, lowest=0)
    measurements = [
        Measurement(name=name, value=value, low=lowest, high=highest, samples=len(features), extractor=extractor)
        for name, value, lowest, highest in (
            ("copies", share, low, high),
            ("nearest_ratio", ratio, ratio_low, ratio_high),
        )
    ]
    closest = torch.argsort(distances)[:PAIRS].tolist()
    pairs = tuple(
        Pair(sample=index, training=int(indices[index]), distance=float(distances[index]), limit=limit)
        for index in closest
    )
    suspicious = low > SUSPICIOUS_SHARE
    return Memorisation(
        suspicious=suspicious, verdict=in_english(verdict(suspicious, share, ratio)), pairs=pairs
    ), measurements


def verdict(suspicious: bool, share: float, ratio: float) -> str:
    """The finding in one sentence.

    Args:
        suspicious: whether it speaks for copies.
        share: of samples nearer to a training image than 99 % of held-out images are.
        ratio: median distance of samples to the nearest training image over that of held-out images.
    """
    if suspicious:
        return _(
            "{share:.1%} of the samples are nearer to a training image than 99 % of held-out images are: "
            "look at the pairs for copies, or for one picture drawn over and over.",
            share=share,
        )
    if ratio > 1.5:
        return _(
            "No sign of copies; the samples lie {ratio:.3g} times as far from the training images as "
            "held-out images do, which says that they look unlike them.",
            ratio=ratio,
        )
    return _(
        "No sign of copies: {share:.1%} of the samples are nearer to a training image than 99 % of "
        "held-out images are, where chance gives 1 %.",
        share=share,
    )
