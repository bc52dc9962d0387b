"""Which run is better, and whether that is more than noise.

Two sources of noise are told apart. The interval of one run says how its number moves with other samples of the same
generator. Training again from another seed moves it more, usually: where a variant was trained from several seeds,
their mean and spread are given, and only those speak for the variant rather than for one run of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import stats

from gancore.errors import ConfigError
from gancore.evaluate.bootstrap import LEVEL, Interval
from gancore.evaluate.evaluate import Evaluation
from gancore.evaluate.metrics import METRICS, Measurement
from gancore.evaluate.plane import COORDINATES
from gancore.i18n import N_, _


@dataclass(frozen=True)
class Verdict:
    """Two neighbours in a ranking."""

    better: str
    worse: str
    difference: float
    """How much better, in the metric's own unit; at least 0."""
    low: float
    high: float
    is_noise: bool
    """Whether the difference's 95 % interval holds 0."""
    sentence: str


@dataclass(frozen=True)
class Ranking:
    """Runs ordered by one metric, best first."""

    metric: str
    evaluations: tuple[Evaluation, ...]
    verdicts: tuple[Verdict, ...]
    """One for each pair of neighbours."""


@dataclass(frozen=True)
class SeedGroup:
    """Runs of one variant that differ in their seed only."""

    variant: str
    metric: str
    values: tuple[float, ...]
    """One a run."""
    mean: float
    spread: float
    """Standard deviation between seeds (N - 1 in the denominator)."""
    low: float
    high: float
    """95 % interval of the mean, by Student's t."""

    @property
    def sentence(self) -> str:
        """What the seeds came to, in the language in force."""
        return _(
            "{variant}, {count} seeds: mean {mean:.4g}, 95 % interval {low:.4g} to {high:.4g}; one seed differs from "
            "another by about {spread:.3g} (standard deviation).",
            variant=self.variant,
            count=len(self.values),
            mean=self.mean,
            low=self.low,
            high=self.high,
            spread=self.spread,
        )


def comparable_groups(evaluations: Sequence[Evaluation]) -> list[list[Evaluation]]:
    """Evaluations that may be compared with one another, in the order of their first members.

    They agree in extractor, data set, reference and sample count: a distance in another network's features is another
    quantity, and one from fewer samples is biased upwards.
    """
    groups: dict[tuple[str, str, str, int, int], list[Evaluation]] = {}
    for evaluation in evaluations:
        groups.setdefault(evaluation.comparable, []).append(evaluation)
    return list(groups.values())


def main_metric(evaluations: Sequence[Evaluation]) -> str:
    """The distance that comparable evaluations are ranked by unless another metric is asked for."""
    return "wasserstein" if any(found.measurement("wasserstein") for found in evaluations) else "frechet"


def rank(evaluations: Sequence[Evaluation], metric: str = "frechet") -> Ranking:
    """Order runs by a metric, and say of each pair of neighbours whether their difference is noise.

    Raises:
        ConfigError: when the evaluations may not be compared, or the metric is not one to rank by.
    """
    if metric not in METRICS or METRICS[metric].better == "neither":
        names = ", ".join(name for name, known in METRICS.items() if known.better != "neither")
        raise ConfigError(
            _("expected a metric to rank by, one of {names}; found {metric!r}", names=names, metric=metric)
        )
    groups = comparable_groups(evaluations)
    if len(groups) > 1:
        found = "; ".join(f"{group[0].run}: {basis(group[0])}" for group in groups)
        raise ConfigError(
            _("these runs cannot be ranked together, because they were measured differently ({found})", found=found)
        )
    known = [evaluation for evaluation in evaluations if evaluation.measurement(metric) is not None]
    sign = 1 if METRICS[metric].better == "lower" else -1
    ordered = sorted(known, key=lambda evaluation: sign * _number(evaluation, metric).value)
    return Ranking(
        metric, tuple(ordered), tuple(_verdict(better, worse, metric) for better, worse in pairwise(ordered))
    )


def difference_interval(first: Measurement, second: Measurement) -> Interval:
    """95 % interval of ``second - first``, from the interval of each.

    Zou and Donner 2008, Statistics in Medicine 27:1693, equation 9: the squared distances from value to limit add, as
    variances do, because the two were drawn and resampled independently. They share the reference, which is held
    fixed; where the real images are resampled (recall, coverage) the interval is therefore wider than it need be.
    """
    difference = second.value - first.value
    low = difference - math.hypot(second.value - second.low, first.high - first.value)
    high = difference + math.hypot(second.high - second.value, first.value - first.low)
    return low, high


def mean_difference_interval(first: Sequence[float], second: Sequence[float]) -> Interval:
    """95 % interval of the mean of ``second`` less that of ``first``, by Welch's t, whose two spreads may differ.

    Without bounds where one of them has a single value, which says nothing of its spread.
    """
    if min(len(first), len(second)) < 2:
        return -math.inf, math.inf
    if np.ptp(first) == np.ptp(second) == 0:
        return second[0] - first[0], second[0] - first[0]
    found = stats.ttest_ind(second, first, equal_var=False).confidence_interval(LEVEL)
    return float(found.low), float(found.high)


def in_order(values: Sequence[Sequence[float]]) -> bool | None:
    """Whether the means of these groups of seeds rise; None where a neighbour may be noise and none falls."""
    intervals = [mean_difference_interval(first, second) for first, second in pairwise(values)]
    if any(high < 0 for _, high in intervals):
        return False
    return True if all(low > 0 for low, _ in intervals) else None


def by_seed(evaluations: Sequence[Evaluation], metric: str = "frechet") -> list[SeedGroup]:
    """Mean and spread of each variant that was trained from at least two seeds, best mean first.

    Spread between seeds is what another training of the same variant would show. The interval of a mean of so few is
    wide (Student's t with one degree of freedom less than there are seeds), and rightly so.
    """
    found: dict[tuple[str, int | None], dict[int, float]] = {}
    for evaluation in evaluations:
        measurement = evaluation.measurement(metric)
        if measurement is not None:
            # A run stopped half-way is no other seed of one that finished.
            found.setdefault((evaluation.variant, evaluation.percent), {})[evaluation.train_seed] = measurement.value
    sign = 1 if METRICS[metric].better == "lower" else -1
    names = _names(evaluations)
    groups = [
        _seed_group(_called(names[variant], percent), metric, tuple(values.values()))
        for (variant, percent), values in found.items()
    ]
    return sorted((group for group in groups if len(group.values) > 1), key=lambda group: sign * group.mean)


def _names(evaluations: Iterable[Evaluation]) -> dict[str, str]:
    """What each variant is called: by preset and data, unless another has the same."""
    names = {
        found.variant: str(_("{preset} on {data}", preset=found.preset, data=Path(found.data).name))
        for found in evaluations
    }
    alike = Counter(names.values())
    return {variant: name if alike[name] == 1 else variant for variant, name in names.items()}


def _called(variant: str, percent: int | None) -> str:
    """What a sentence calls a variant that was evaluated at a milestone."""
    return variant if percent == 100 else _("{variant} at {percent} %", variant=variant, percent=percent)


def _outwards(interval: Interval, metric: str) -> Interval:
    """The interval of worse less better, turned so that a clear difference is above 0."""
    low, high = interval
    return (-high, -low) if METRICS[metric].better == "higher" else (low, high)


def basis(evaluation: Evaluation) -> str:
    """What the numbers of comparable evaluations stand on."""
    if evaluation.extractor == COORDINATES:
        pattern = N_("{count:,} samples each against {size:,} points of {data}")
    elif evaluation.reference == "test":
        pattern = N_("{count:,} samples each against {size:,} test images of {data}, through {extractor}")
    else:
        pattern = N_("{count:,} samples each against {size:,} images (all it has) of {data}, through {extractor}")
    extractor, accuracy = evaluation.extractor, evaluation.extractor_accuracy
    if accuracy is not None:
        extractor = _(
            "{extractor}, right on {accuracy:.2%} of held-out images", extractor=extractor, accuracy=accuracy
        )
    return _(
        pattern,
        count=evaluation.count,
        size=evaluation.reference_size,
        data=evaluation.data,
        extractor=extractor,
    )


def between_variants(groups: Sequence[SeedGroup]) -> list[str]:
    """A sentence for each pair of neighbours of :func:`by_seed`: whether training again could turn them round."""
    sentences: list[str] = []
    for better, worse in pairwise(groups):
        low, high = _outwards(mean_difference_interval(better.values, worse.values), better.metric)
        is_noise = low <= 0 <= high
        difference = abs(worse.mean - better.mean)
        pattern = (
            N_(
                "{title}: {better} and {worse} differ by {difference:.4g} (95 % interval of the difference of their "
                "means: {low:.4g} to {high:.4g}), which may be noise of the seeds."
            )
            if is_noise
            else N_(
                "{title}: {better} is better than {worse} by {difference:.4g} (95 % interval of the difference of "
                "their means: {low:.4g} to {high:.4g}), more than the seeds explain."
            )
        )
        sentences.append(
            _(
                pattern,
                title=_(METRICS[better.metric].title),
                better=better.variant,
                worse=worse.variant,
                difference=difference,
                low=low,
                high=high,
            )
        )
    return sentences


def _seed_group(variant: str, metric: str, values: tuple[float, ...]) -> SeedGroup:
    count, mean = len(values), float(np.mean(values))
    spread = float(np.std(values, ddof=1)) if count > 1 else 0.0
    reach = float(stats.t.ppf((1 + LEVEL) / 2, count - 1)) * spread / math.sqrt(count) if count > 1 else 0.0
    return SeedGroup(variant, metric, values, mean, spread, mean - reach, mean + reach)


def _verdict(better: Evaluation, worse: Evaluation, metric: str) -> Verdict:
    first, second = _number(better, metric), _number(worse, metric)
    difference = abs(second.value - first.value)
    low, high = _outwards(difference_interval(first, second), metric)
    is_noise = low <= 0 <= high
    alike = (better.variant, better.percent) == (worse.variant, worse.percent)
    if is_noise:
        pattern = N_(
            "{title}: {better} and {worse} differ by {difference:.4g} (95 % interval of the difference: {low:.4g} to "
            "{high:.4g}), which may be noise of sampling."
        )
    elif alike and better.train_seed != worse.train_seed:
        pattern = N_(
            "{title}: {better} is better than {worse} by {difference:.4g} (95 % interval of the difference: "
            "{low:.4g} to {high:.4g}), more than sampling explains. They differ in their seed only, so this is what "
            "a seed makes."
        )
    else:
        pattern = N_(
            "{title}: {better} is better than {worse} by {difference:.4g} (95 % interval of the difference: "
            "{low:.4g} to {high:.4g}), more than sampling explains."
        )
    sentence = _(
        pattern,
        title=_(METRICS[metric].title),
        better=better.run,
        worse=worse.run,
        difference=difference,
        low=low,
        high=high,
    )
    return Verdict(better.run, worse.run, difference, low, high, is_noise, sentence)


def _number(evaluation: Evaluation, metric: str) -> Measurement:
    found = evaluation.measurement(metric)
    if found is None:
        raise ConfigError(
            _("run {run} was evaluated without {metric:lower}", run=evaluation.run, metric=_(METRICS[metric].title))
        )
    return found
