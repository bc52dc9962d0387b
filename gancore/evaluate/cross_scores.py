"""Every discriminator on every generator's samples: who can tell whose from data.

Swapping the players of two GANs to compare them: Im et al. 2016, arXiv:1602.05110, section 4, and the tournament of
Olsson et al. 2018, arXiv:1808.04888. Scores of different discriminators have different scales, so what is compared is
the area under the ROC curve, which only their order decides.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gancore.errors import GanCoreError, RunError
from gancore.evaluate.discriminators import Discriminator, describe, real_samples
from gancore.i18n import _, reason_of
from gancore.networks import Shape, shape_of
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sampling import open_sampler

SAMPLES = 500
"""Samples of each generator, and real ones."""


@dataclass(frozen=True)
class CrossScores:
    """Areas under the ROC curve, between real samples and a generator's, in a discriminator's scores."""

    discriminators: tuple[str, ...]
    """Run ids of the rows."""
    generators: tuple[str, ...]
    """Run ids of the columns."""
    areas: Tensor
    """(rows, columns) float64 in [0, 1]. 0.5: the discriminator cannot tell the samples from data; 1: it always does;
    below 0.5: it takes them for more real than data. NaN where it cannot judge them."""
    errors: Tensor
    """(rows, columns) float64: standard errors of ``areas``."""
    real: str = "all"
    """Where the real samples are from: ``test`` for an official test set, which no run trains on."""
    notes: tuple[str, ...] = ()
    """One sentence for each run or pair that was left out."""
    packs: dict[str, int] = field(default_factory=dict)
    """Run id -> samples that its discriminator judges at once, where it is more than one."""

    def area(self, discriminator: str, generator: str) -> float:
        """One cell, by run ids."""
        return float(self.areas[self.discriminators.index(discriminator), self.generators.index(generator)])


def area_under_roc(real: Tensor, fake: Tensor) -> float:
    """How probable it is that a real sample scores higher than a generated one, ties counted half.

    Args:
        real, fake: (N,) and (M,) scores; NaN where one is not finite.
    """
    from sklearn.metrics import roc_auc_score

    scores = torch.cat([real, fake])
    if not bool(torch.isfinite(scores).all()):
        return math.nan
    is_real = torch.arange(len(scores)) < len(real)
    return float(roc_auc_score(is_real.numpy(), scores.numpy()))


def standard_error(area: float, real: int, fake: int) -> float:
    """Of an area under the ROC curve. Hanley and McNeil 1982, Radiology 143, equation 2.

    An area of exactly 0 or 1 counts as half a sample away from it, because its error would be 0 otherwise.

    Args:
        real, fake: number of scores of each kind.
    """
    half = 0.5 / min(real, fake)
    a = min(max(area, half), 1 - half)
    of_two_real, of_two_fake = a / (2 - a), 2 * a * a / (1 + a)
    variance = a * (1 - a) + (real - 1) * (of_two_real - a * a) + (fake - 1) * (of_two_fake - a * a)
    return math.sqrt(max(0.0, variance) / (real * fake))


def cross_scores(runs: Sequence[Run], count: int = SAMPLES, seed: int = 0) -> CrossScores:
    """Let every run's discriminator judge every run's samples, both as the runs' last checkpoints have them.

    A run without a checkpoint has samples, of its last milestone, but no discriminator. A discriminator of packs
    judges packs of different samples, as it did in training.

    Args:
        runs: those on the data set and the shape that most of them share are compared.
        count: samples of each generator, and at most so many real ones.
        seed: decides the samples' z, the same for all runs.

    Raises:
        RunError: when no discriminator is left to judge, or no samples to be judged.
        DataError: when the data set is gone or damaged.
    """
    notes: list[str] = []
    group, shape = _comparable(runs, notes)
    judges: list[Discriminator] = []
    drawn: dict[str, tuple[Tensor, Tensor | None]] = {}
    for run in group:
        judge: Discriminator | None = None
        try:
            judge = Discriminator.open(run)
            judges.append(judge)
        except GanCoreError as error:
            notes.append(error.sentence)
        try:
            drawn[run.id] = _draw(judge.sampler(run) if judge else open_sampler(run), count, seed)
        except GanCoreError as error:
            notes.append(error.sentence)
    if not judges or not drawn:
        raise RunError(
            _("none of these runs has samples; expected at least one that does")
            if judges
            else _("none of these runs has a checkpoint with a discriminator; expected at least one that does")
        )
    real, labels, split = real_samples(group[0].config, shape, count)
    areas, errors = torch.full((2, len(judges), len(drawn)), math.nan, dtype=torch.float64)
    refused: dict[str, list[str]] = {}
    for row, judge in enumerate(judges):
        real_scores = judge.scores(real, labels)
        for column, (run_id, (samples, told)) in enumerate(drawn.items()):
            try:
                fake_scores = judge.scores(samples, told)
            except RunError as error:
                refused.setdefault(reason_of(error), []).append(run_id)
                continue
            area = area_under_roc(real_scores, fake_scores)
            if math.isnan(area):
                reason = _("{run}'s discriminator gives scores that are not finite", run=judge.id)
                refused.setdefault(reason, []).append(run_id)
                continue
            areas[row, column] = area
            errors[row, column] = standard_error(area, len(real_scores), len(fake_scores))
    notes += [_("{reason}: {runs}.", reason=reason, runs=", ".join(ids)) for reason, ids in refused.items()]
    return CrossScores(
        discriminators=tuple(judge.id for judge in judges),
        generators=tuple(drawn),
        areas=areas,
        errors=errors,
        real=split,
        notes=tuple(notes),
        packs={judge.id: judge.players.packing for judge in judges if judge.players.packing > 1},
    )


def _comparable(runs: Sequence[Run], notes: list[str]) -> tuple[list[Run], Shape]:
    """The runs that share data and shape with most of the others; the rest gets a sentence each."""
    kinds: dict[str, tuple[str, Shape]] = {}
    for run in runs:
        resolved = run.folder.read_resolved()
        if resolved is None:
            notes.append(_("{run} has not trained yet.", run=run.id))
        else:
            kinds[run.id] = run.config.data, shape_of(resolved.shape)
    if not kinds:
        raise RunError(_("none of these runs has trained yet; expected at least one that has"))
    (name, shape), _count = Counter(kinds.values()).most_common(1)[0]
    for run_id, (other, other_shape) in kinds.items():
        if (other, other_shape) != (name, shape):
            notes.append(
                _(
                    "{run} is left out: it was trained on {data} ({shape}), the others on {others_data} "
                    "({others_shape}).",
                    run=run_id,
                    data=other,
                    shape=describe(other_shape),
                    others_data=name,
                    others_shape=describe(shape),
                )
            )
    return [run for run in runs if kinds.get(run.id) == (name, shape)], shape


def _draw(sampler: Sampler, count: int, seed: int) -> tuple[Tensor, Tensor | None]:
    return sampler.images(sampler.common_latents(seed, count)), sampler.labels(count)
