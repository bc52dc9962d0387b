"""What cross scores say, in sentences; only what is beyond the noise of sampling."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gancore.evaluate.cross_scores import CrossScores
from gancore.i18n import N_, _

Z = 1.96
"""Standard errors that a difference has to exceed, 95 % of a normal distribution."""
MOST = 3
"""Sentences at most."""
NOTHING = N_("No difference between these runs is beyond the noise of sampling.")


@dataclass(frozen=True)
class Mean:
    """The mean of some cells."""

    value: float
    error: float
    """Standard error. Cells share samples and are not independent; the mean of their errors bounds that of their
    mean, whatever their correlation."""

    def differs(self, other: Mean) -> bool:
        """Whether two means are further apart than sampling explains."""
        return abs(self.value - other.value) > Z * math.hypot(self.error, other.error)


def readings(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    """Up to three sentences on whose samples fool the others, whose discriminator tells most, and what is odd.

    Two runs are compared over the discriminators, or the samples, that are neither's own.

    Args:
        names: run id -> what the sentences call it.

    Returns:
        :data:`NOTHING` alone where no difference is beyond sampling noise.
    """
    found = [*_fools_most(scores, names), *_tells_most(scores, names), *_taken_for_real(scores, names)]
    if len(found) < MOST:
        found += _own(scores, names)
    return found[:MOST] or [_(NOTHING)]


def _mean(scores: CrossScores, rows: Sequence[str], columns: Sequence[str]) -> Mean | None:
    """Over the cells that are known and on no diagonal; None where a whole row or column of them is not."""
    cells = [
        (scores.discriminators.index(row), scores.generators.index(column))
        for row in rows
        for column in columns
        if row != column and row in scores.discriminators and column in scores.generators
    ]
    known = [cell for cell in cells if not math.isnan(scores.areas[cell])]
    if not known:
        return None
    return Mean(_of(scores.areas, known), _of(scores.errors, known))


def _of(values: Tensor, cells: Sequence[tuple[int, int]]) -> float:
    return float(torch.stack([values[cell] for cell in cells]).mean())


def _judging_all(scores: CrossScores) -> list[str]:
    """Discriminators that can judge every run's samples; others would be compared over other samples."""
    known = ~scores.areas.isnan().any(dim=1)
    return [run for run, is_known in zip(scores.discriminators, known.tolist(), strict=True) if is_known]


def _fools_most(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    judges = _judging_all(scores)
    means = {run: mean for run in scores.generators if (mean := _mean(scores, judges, [run])) is not None}
    if len(means) < 2:
        return []
    best = min(means, key=lambda run: means[run].value)
    for other in means:
        if other == best:
            continue
        shared = [judge for judge in judges if judge not in (best, other)]
        ours, theirs = _mean(scores, shared, [best]), _mean(scores, shared, [other])
        if ours is None or theirs is None:
            return _exchange(scores, names)
        if ours.value > theirs.value or not ours.differs(theirs):
            return []
    return [
        _(
            "{run}'s samples fool the other discriminators most: {value:.2f} on average.",
            run=names[best],
            value=means[best].value,
        )
    ]


def _exchange(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    """Of two runs alone: each one's samples before the other's discriminator."""
    if len(scores.generators) != 2 or set(scores.discriminators) != set(scores.generators):
        return []
    one, two = scores.generators
    of_one, of_two = _mean(scores, [two], [one]), _mean(scores, [one], [two])
    if of_one is None or of_two is None or not of_one.differs(of_two):
        return []
    if of_one.value > of_two.value:
        one, two, of_one, of_two = two, one, of_two, of_one
    return [
        _(
            "With players exchanged, {one}'s samples fool {two}'s discriminator more ({value:.2f}) than "
            "{two}'s fool {one}'s ({value2:.2f}).",
            one=names[one],
            two=names[two],
            value=of_one.value,
            value2=of_two.value,
        )
    ]


def _tells_most(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    judges = _judging_all(scores)
    means = {run: mean for run in judges if (mean := _mean(scores, [run], scores.generators)) is not None}
    if len(means) < 2:
        return []
    best = max(means, key=lambda run: means[run].value)
    for other in means:
        if other == best:
            continue
        shared = [run for run in scores.generators if run not in (best, other)]
        ours, theirs = _mean(scores, [best], shared), _mean(scores, [other], shared)
        if ours is None or theirs is None or ours.value < theirs.value or not ours.differs(theirs):
            return []
    return [
        _(
            "{run}'s discriminator tells the others' samples best: {value:.2f} on average.",
            run=names[best],
            value=means[best].value,
        )
    ]


def _taken_for_real(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    """The cell furthest below one half."""
    gaps = (0.5 - scores.areas - Z * scores.errors).nan_to_num(-1.0)
    if not gaps.numel() or float(gaps.max()) <= 0:
        return []
    row, column = divmod(int(gaps.argmax()), gaps.shape[1])
    judge, judged = scores.discriminators[row], scores.generators[column]
    pattern = (
        N_("{judge}'s discriminator takes its own samples for more real than data: {area:.2f}.")
        if judge == judged
        else N_("{judge}'s discriminator takes {judged}'s samples for more real than data: {area:.2f}.")
    )
    return [_(pattern, judge=names[judge], judged=names[judged], area=float(scores.areas[row, column]))]


def _own(scores: CrossScores, names: Mapping[str, str]) -> list[str]:
    """The run whose samples its own discriminator sees most differently from the others."""
    best, sentence = 0.0, ""
    judges = _judging_all(scores)
    for run in judges:
        others = _mean(scores, [judge for judge in judges if judge != run], [run])
        row, column = scores.discriminators.index(run), scores.generators.index(run)
        own = Mean(float(scores.areas[row, column]), float(scores.errors[row, column]))
        if others is None or not own.differs(others) or abs(own.value - others.value) <= best:
            continue
        best = abs(own.value - others.value)
        rest = [judge for judge in judges if judge != run]
        if len(rest) == 1:
            pattern = (
                N_(
                    "{run}'s own discriminator tells its samples better ({own:.2f}) than {other}'s does "
                    "({value:.2f})."
                )
                if own.value > others.value
                else N_(
                    "{run}'s own discriminator tells its samples less well ({own:.2f}) than {other}'s does "
                    "({value:.2f})."
                )
            )
        else:
            pattern = (
                N_(
                    "{run}'s own discriminator tells its samples better ({own:.2f}) than the others do "
                    "({value:.2f} on average)."
                )
                if own.value > others.value
                else N_(
                    "{run}'s own discriminator tells its samples less well ({own:.2f}) than the others do "
                    "({value:.2f} on average)."
                )
            )
        sentence = _(pattern, run=names[run], own=own.value, other=names[rest[0]], value=others.value)
    return [sentence] if sentence else []
