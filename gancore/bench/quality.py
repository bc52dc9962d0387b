"""Every preset on one data set after the same number of images, beside the order Lucic et al. report.

Lucic et al. 2018, arXiv:1711.10337, give for each loss the best FID of a wide search over settings, with Inception
features; here each preset runs once a seed with its own settings, seen by a classifier of the data. Orders may be
compared, values may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import torch

from gancore.bench.report import Spread, markdown
from gancore.bench.runner import Variant, train_all
from gancore.config import Length
from gancore.data import load_images
from gancore.evaluate.evaluate import Evaluation, evaluate_run, stored_evaluation
from gancore.evaluate.metrics import measure as measure_features
from gancore.evaluate.ranking import in_order
from gancore.evaluate.reference import reference_for
from gancore.i18n import N_, _
from gancore.recipes import PRESETS, configure, recipe_of
from gancore.recipes.compact import CompactSettings
from gancore.run import Run
from gancore.runs import RunManager
from gancore.status import RunState

IMAGES = "120000img"
COUNT = 10_000
LUCIC: dict[str, tuple[str, str]] = {
    "minimax": ("9.8 ± 0.9", "29.6 ± 1.6"),
    "grl": ("9.8 ± 0.9", "29.6 ± 1.6"),
    "ns-gan": ("6.8 ± 0.5", "26.5 ± 1.6"),
    "gan": ("6.8 ± 0.5", "26.5 ± 1.6"),
    "dcgan": ("6.8 ± 0.5", "26.5 ± 1.6"),
    "lsgan": ("7.8 ± 0.6", "30.7 ± 2.2"),
    "wgan": ("6.7 ± 0.4", "21.5 ± 1.6"),
    "wgan-gp": ("20.3 ± 5.0", "24.5 ± 2.1"),
    "dragan": ("7.6 ± 0.4", "27.7 ± 1.2"),
}
"""Recipe -> best FID of its loss on MNIST and on Fashion-MNIST."""
HEADING = (
    N_("preset"),
    N_("Fréchet"),
    N_("precision"),
    N_("recall"),
    N_("classes"),
    N_("class KL"),
    N_("minutes"),
    N_("Lucic et al., FID"),
)
COLUMNS = (("frechet", 1), ("precision", 2), ("recall", 2), ("modes", 1), ("class_kl", 3))
"""Metrics of the table, and their digits."""
_LUCIC_COLUMN = {"mnist": 0, "fashion-mnist": 1}


@dataclass(frozen=True)
class Row:
    """One preset over its seeds."""

    preset: str
    evaluations: tuple[Evaluation, ...]
    diverged: int
    minutes: Spread

    def spread(self, metric: str) -> Spread | None:
        """A metric over the seeds; None where it was not measured."""
        values = [m.value for found in self.evaluations for m in found.measurements if m.name == metric]
        return Spread(tuple(values)) if values else None


def image_presets() -> list[str]:
    """Presets that draw images from z alone or from a label: what a distance to the data is fair to."""
    return [name for name in PRESETS if recipe_of(name).conditioned_on != "image"]


def bench_quality(manager: RunManager, variants: Sequence[Variant], seeds: int, images: str, data: str) -> str:
    """Train every variant from every seed, measure 10,000 samples of each run, and return the table, best first.

    Below it stands what its order has in common with Lucic et al.'s, and why not more.

    Raises:
        ConfigError: when a variant is not valid.
        RunError: when a run fails.
        DataError: when the data set is missing.
    """
    configs = [variant.configs(seeds, data=data, plan=images) for variant in variants]
    runs = iter(train_all(manager, [config for group in configs for config in group]))
    rows = [measure(variant.label, [next(runs) for _ in range(seeds)]) for variant in variants]
    return "\n\n".join(filter(None, (table(rows, data, of_training_images(data)), beside_lucic(rows, data, images))))


def measure(label: str, runs: Sequence[Run]) -> Row:
    """Evaluate the runs that did not diverge, or read what was measured of them before."""
    whole = [run for run in runs if run.status().state is RunState.FINISHED]
    return Row(
        label,
        tuple(stored_evaluation(run, count=COUNT) or evaluate_run(run, COUNT) for run in whole),
        len(runs) - len(whole),
        Spread(tuple(run.status().elapsed_s / 60 for run in runs)),
    )


def of_training_images(data: str) -> dict[str, float]:
    """What as many real images get, which no generator need surpass; empty where there are no test images.

    Raises:
        DataError: when the data set is missing.
    """
    reference = reference_for(data)
    if reference.split != "test":
        return {}
    images = load_images(data, None, "auto", "all").images
    drawn = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:COUNT]
    features, probabilities = reference.extractor.examine(images[drawn])
    return {found.name: found.value for found in measure_features(features, probabilities, reference)}


def table(rows: Sequence[Row], data: str, real: Mapping[str, float]) -> str:
    """The rows by Fréchet distance, with the deviation over seeds and Lucic et al.'s FID beside.

    Args:
        real: metric -> value of training images, the row above all.
    """

    def place(row: Row) -> float:
        found = row.spread("frechet")
        return found.mean if found else float("inf")

    lines = []
    if real:
        values = [f"{real[metric]:.{digits}f}" if metric in real else "-" for metric, digits in COLUMNS]
        lines.append([_("training images"), *values, "-", "-"])
    for row in sorted(rows, key=place):
        cells = [row.preset]
        for metric, digits in COLUMNS:
            found = row.spread(metric)
            cells.append(found.text(digits) if found else "-")
        if row.diverged:
            cells[1] = _("{distance} ({count} diverged)", distance=cells[1], count=row.diverged)
        published = LUCIC.get(recipe_of(row.preset.split()[0]).name)
        column = _LUCIC_COLUMN.get(data)
        cells += [row.minutes.text(1), published[column] if published and column is not None else "-"]
        lines.append(cells)
    return markdown([_(cell) for cell in HEADING], lines)


def beside_lucic(rows: Sequence[Row], data: str, images: str) -> str:
    """Whether the losses that share networks here come in Lucic et al.'s order, and what differs; a paragraph.

    Empty where fewer than two of these are in the table, or the data is not theirs.
    """
    found = {row.preset: spread for row in rows if row.preset in LUCIC and (spread := row.spread("frechet"))}
    shared = [name for name in found if issubclass(recipe_of(name).settings, CompactSettings)]
    column = _LUCIC_COLUMN.get(data)
    if column is None or len(shared) < 2:
        return ""
    theirs = sorted(shared, key=lambda name: float(LUCIC[name][column].split(" ±")[0]))
    ours = sorted(shared, key=lambda name: found[name].mean)
    pairs = [in_order([found[first].values, found[second].values]) for first, second in combinations(theirs, 2)]
    sentences = [
        _(
            "Losses that train the same small networks here, in Lucic et al.'s order: {theirs}; in ours: {ours}.",
            theirs=", ".join(theirs),
            ours=", ".join(ours),
        ),
        _(
            "Of the {pairs} pairs, {same} come in their order, {other} in the other, and {noise} lie within the "
            "noise of our seeds.",
            pairs=len(pairs),
            same=pairs.count(True),
            other=pairs.count(False),
            noise=pairs.count(None),
        ),
        _(
            "What differs: theirs is the best of a wide search over settings for each loss, in Inception features; "
            "ours is one preset with its own settings after {length}, seen by the data's judge.",
            length=Length.parse(images).describe(),
        ),
    ]
    slow = [name for name in found if recipe_of(name).batches_per_iteration(configure(name, data=data).settings) > 1]
    if slow:
        sentences.append(
            _(
                "At equal images G has had fewer updates in {names}, whose critic takes several batches for each.",
                names=_(" and ").join(slow),
            )
        )
    return " ".join(sentences)
