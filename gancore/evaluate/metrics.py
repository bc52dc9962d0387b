"""The numbers: how far samples lie from real images, and what they leave out or repeat.

Fréchet and kernel distance are torch-fidelity's functions on our features; docs/evaluation.md says what each number
means and what it cannot say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch_fidelity.metric_fid import KEY_METRIC_FID, fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import KEY_METRIC_KID_MEAN, kid_features_to_metric

from gancore.evaluate.bootstrap import (
    Interval,
    Statistics,
    centred,
    count_interval,
    count_replicates,
    frechet_replicates,
    kernel_replicates,
    mean_interval,
)
from gancore.evaluate.neighbours import overlap
from gancore.evaluate.reference import DataReference, Reference
from gancore.i18n import N_, _

LEAST_SAMPLES = 50
COVERED_SHARE = 0.1
"""A class counts as covered when it has at least this part of the share that it has in the data."""
KERNEL_SUBSET = 1000
"""Images in each of torch-fidelity's 100 subsets; fewer where there are fewer."""


@dataclass(frozen=True)
class Metric:
    """A number's name, and how to read it."""

    name: str
    title: str
    better: Literal["lower", "higher", "neither"]
    summary: str

    @property
    def directed_title(self) -> str:
        """``Recall (higher is better)``, in the language in force."""
        title = _(self.title)
        if self.better == "lower":
            return _("{title} (lower is better)", title=title)
        return _("{title} (higher is better)", title=title) if self.better == "higher" else title


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "frechet", N_("Fréchet distance"), "lower", N_("Between Gaussians fitted to the features of both sets.")
        ),
        Metric(
            "kernel",
            N_("Kernel distance"),
            "lower",
            N_("Maximum mean discrepancy of the features, cubic kernel; near 0, of either sign, for like sets."),
        ),
        Metric("precision", N_("Precision"), "higher", N_("Share of samples that look like some real image.")),
        Metric("recall", N_("Recall"), "higher", N_("Share of real images that look like some sample.")),
        Metric(
            "density",
            N_("Density"),
            "higher",
            N_("How thickly real images surround the samples; about 1 for real ones, and no upper limit."),
        ),
        Metric("coverage", N_("Coverage"), "higher", N_("Share of real images with a sample nearby.")),
        Metric(
            "modes", N_("Classes covered"), "higher", N_("Classes with at least a tenth of their share in the data.")
        ),
        Metric(
            "class_kl",
            N_("Class imbalance"),
            "lower",
            N_("Kullback-Leibler divergence of the samples' classes from the data's, in nats; 0 when they agree."),
        ),
        Metric(
            "confidence", N_("Mean confidence"), "higher", N_("Mean probability of each sample's likeliest class.")
        ),
        Metric(
            "copies",
            N_("Closer than held-out"),
            "neither",
            N_("Share of samples nearer to a training image than 99 % of held-out images are; 0.01 without copies."),
        ),
        Metric(
            "nearest_ratio",
            N_("Nearest-image ratio"),
            "neither",
            N_(
                "Median distance of samples to the nearest training image over that of held-out images; far "
                "below 1 speaks for copies, above 1 for unlikeness."
            ),
        ),
        Metric(
            "wasserstein",
            N_("Sliced Wasserstein distance"),
            "lower",
            N_("How far points have to be moved to become the data's, in units of the plane, over 64 directions."),
        ),
        Metric(
            "mixture_modes",
            N_("Modes covered"),
            "higher",
            N_("Modes with a sample within three standard deviations."),
        ),
        Metric(
            "high_quality",
            N_("High quality"),
            "higher",
            N_("Share of samples within three standard deviations of a mode."),
        ),
    )
}
"""Name -> metric, in the order that tables show them."""


class Measurement(BaseModel):
    """One number with its 95 % interval."""

    model_config = ConfigDict(frozen=True)

    name: str
    """A key of :data:`METRICS`."""
    value: float
    low: float
    high: float
    samples: int
    extractor: str

    @property
    def shown(self) -> tuple[str, str, str]:
        """Value, low and high with as many digits as the interval gives meaning: two of its width, at most six."""
        width = self.high - self.low
        digits = f".{min(6, max(0, 1 - math.floor(math.log10(width))))}f" if 0 < width < math.inf else ".4g"
        return format(self.value, digits), format(self.low, digits), format(self.high, digits)


def frechet_distance(samples: Statistics, real: Statistics) -> float:
    """Heusel et al. 2017, arXiv:1706.08500, equation 6, from means and covariances; at least 0.

    With N samples it is biased upwards by an amount that shrinks as 1 / N (Chong and Forsyth 2020, arXiv:1911.07023):
    compare runs on equal counts only.
    """
    return max(0.0, float(fid_statistics_to_metric(samples, real, verbose=False)[KEY_METRIC_FID]))


def kernel_distance(samples: Tensor, real: Tensor) -> float:
    """Bińkowski et al. 2018, arXiv:1801.01401: unbiased squared maximum mean discrepancy, mean over 100 subsets."""
    size = min(KERNEL_SUBSET, len(samples), len(real))
    found = kid_features_to_metric(samples, real, kid_subset_size=size, verbose=False)
    return float(found[KEY_METRIC_KID_MEAN])


def covered_classes(counts: NDArray[np.integer], data_shares: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which classes have at least :data:`COVERED_SHARE` of their share in the data, and at least one sample.

    With 10,000 samples of stacked MNIST that is one for each of its 1,000 classes, as published counts take it.

    Args:
        counts: (..., classes) samples in each.
        data_shares: (classes,) of the real images.
    """
    needed = COVERED_SHARE * data_shares * counts.sum(axis=-1, keepdims=True)
    covered: NDArray[np.bool_] = (counts > 0) & (counts >= needed * (1 - 1e-9))
    return covered


def class_divergence(counts: NDArray[np.integer], data_shares: NDArray[np.floating]) -> NDArray[np.floating]:
    """Kullback-Leibler divergence KL(samples' classes || data's) in nats, (...,) for counts of (..., classes).

    Infinite when samples have a class that the data has not.
    """
    shares = counts / counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log(shares / data_shares), 0.0)
    divergence: NDArray[np.floating] = np.asarray(terms.sum(axis=-1))
    return divergence


def measure(features: Tensor, probabilities: Tensor | None, reference: Reference, seed: int = 0) -> list[Measurement]:
    """Distances, precision, recall, density and coverage, with bootstrap intervals.

    Args:
        features: (N, d) of the samples, by the reference's extractor.
        probabilities: (N, classes), where the reference is a :class:`DataReference` with classes; adds the metrics
            of classes.
        seed: of the bootstrap.
    """
    found = overlap(features, reference.manifold)
    statistics = fid_features_to_statistics(features)
    frechet = frechet_distance(statistics, reference.statistics)
    kernel = kernel_distance(features, reference.features)
    values: dict[str, tuple[float, Interval]] = {
        "frechet": (frechet, centred(frechet, frechet_replicates(features, reference.statistics, seed), lowest=0)),
        "kernel": (kernel, centred(kernel, kernel_replicates(features, reference.features, seed))),
    }
    for name in ("precision", "recall", "density", "coverage"):
        points: Tensor = getattr(found, name)
        values[name] = float(points.double().mean()), mean_interval(points, seed)
    if probabilities is not None and isinstance(reference, DataReference) and len(reference.class_shares):
        values |= _classes(probabilities, reference, seed)
    return [
        Measurement(
            name=name, value=value, low=low, high=high, samples=len(features), extractor=reference.extractor.name
        )
        for name, (value, (low, high)) in values.items()
    ]


def _classes(probabilities: Tensor, reference: DataReference, seed: int) -> dict[str, tuple[float, Interval]]:
    counts, shares = class_counts(probabilities), reference.class_shares
    again = count_replicates(counts, seed)
    modes, divergence = float(covered_classes(counts, shares).sum()), float(class_divergence(counts, shares))
    certain = probabilities.max(dim=1).values
    return {
        "modes": (modes, count_interval(modes, covered_classes(again, shares).sum(axis=1))),
        "class_kl": (divergence, centred(divergence, class_divergence(again, shares), lowest=0)),
        "confidence": (float(certain.double().mean()), mean_interval(certain, seed)),
    }


def class_counts(probabilities: Tensor) -> NDArray[np.integer]:
    """(classes,) how many of (N, classes) are likeliest of each class."""
    counts: NDArray[np.integer] = torch.bincount(
        probabilities.argmax(dim=1), minlength=probabilities.shape[1]
    ).numpy()
    return counts


def quick_quality(samples: Tensor, reference: DataReference) -> dict[str, float]:
    """A few numbers at once, without intervals, for showing while a run trains.

    Args:
        samples: (N, C, H, W) uint8; 500 take about a tenth of a second on two cores.

    Returns:
        ``frechet``, and where the data has a judge ``modes`` and ``confidence``. With few samples the Fréchet
        distance is much above what 10,000 give; compare it with itself over time only.
    """
    features, probabilities = reference.extractor.examine(samples)
    found = {"frechet": frechet_distance(fid_features_to_statistics(features), reference.statistics)}
    if probabilities is not None:
        counts = class_counts(probabilities)
        found["modes"] = float(covered_classes(counts, reference.class_shares).sum())
        found["confidence"] = float(probabilities.max(dim=1).values.mean())
    return {name: value for name, value in found.items() if math.isfinite(value)}
