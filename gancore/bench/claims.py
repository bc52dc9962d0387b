"""The seed documents' claims as experiments, each with the numbers it is decided by and a verdict.

A verdict speaks of means over seeds, through the 95 % interval of their difference; what lies within the noise of the
seeds is not decided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gancore.bench.quality import IMAGES, measure
from gancore.bench.report import Spread
from gancore.bench.runner import Variant, train_all
from gancore.evaluate.ranking import in_order, mean_difference_interval
from gancore.i18n import N_, _
from gancore.run import Run
from gancore.runs import RunManager
from gancore.status import RunState

SMOOTHING = 0.02
"""Share of the run that a moving average covers before a curve's course is read."""

EQUAL = 0.1
"""Means that differ by less than this share are called equal."""
LAB = ("wgan-lab", "dcgan-lab", "gan-lab")
"""The lab's three variants in the order that it claims; trained as for the table of all presets, whose runs serve."""


@dataclass(frozen=True)
class Claim:
    """One claim and the experiment that decides it."""

    name: str
    text: str
    source: str
    experiment: Callable[[RunManager, int], tuple[bool | None, str]]
    """(manager, seeds) -> whether it holds here, None where that is not decided, and the numbers in a sentence."""


def bench_claims(manager: RunManager, claims: list[Claim], seeds: int) -> str:
    """Run the experiments and return what came of each, as a list."""
    verdicts = {True: _("Holds here."), False: _("Does not hold here."), None: _("Not decided.")}
    lines = []
    for claim in claims:
        holds, found = claim.experiment(manager, seeds)
        lines.append(f"- **{_(claim.text)}** ({_(claim.source)}) {verdicts[holds]} {found}")
    return "\n".join(lines)


def course(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A loss curve's course: its moving average over :data:`SMOOTHING` of its length."""
    window = _window(values)
    return pd.Series(values).rolling(window, min_periods=1).mean().to_numpy(dtype=np.float64)


def rises_then_falls(values: NDArray[np.float64]) -> bool:
    """Whether a curve's course peaks inside, clearly (a tenth of its range) above where it starts and ends."""
    smooth = course(values)
    margin = 0.1 * float(np.ptp(smooth))
    start, peak, end = smooth[_window(values) - 1], smooth.max(), smooth[-1]
    return bool(peak - start > margin and peak - end > margin)


def roughness(values: NDArray[np.float64]) -> float:
    """How much a curve jumps: standard deviation around its course, over the course's range.

    Scale-free, so that a critic's loss and a cross-entropy can be held against one another.
    """
    smooth = course(values)
    return float(np.std(values - smooth) / max(float(np.ptp(smooth)), 1e-12))


def same_within(first: Sequence[float], second: Sequence[float], margin: float) -> bool | None:
    """Whether two means differ by less than ``margin``; None where the seeds allow both."""
    low, high = mean_difference_interval(first, second)
    if -margin <= low and high <= margin:
        return True
    return False if low > margin or high < -margin else None


def _window(values: NDArray[np.float64]) -> int:
    return max(1, round(SMOOTHING * len(values)))


def _train(manager: RunManager, presets: tuple[str, ...], seeds: int, plan: str) -> dict[str, list[Run]]:
    """Preset -> its runs that finished; those that diverged are missing."""
    runs = iter(
        train_all(
            manager,
            [config for name in presets for config in Variant(name).configs(seeds, data="mnist", plan=plan)],
        )
    )
    return {
        name: [run for run in (next(runs) for _ in range(seeds)) if run.status().state is RunState.FINISHED]
        for name in presets
    }


def _distances(runs: Sequence[Run]) -> Spread:
    return measure("", runs).spread("frechet") or Spread((math.inf,))


def _listed(found: Mapping[str, Spread], seeds: int, digits: int) -> str:
    """``wgan-lab 812 ± 20, dcgan-lab 95 ± 3 (1 of 3 diverged)``."""
    cells = []
    for name, spread in found.items():
        lost = seeds - len(spread.values)
        cell = f"{name} {spread.text(digits)}"
        cells.append(_("{cell} ({lost} of {seeds} diverged)", cell=cell, lost=lost, seeds=seeds) if lost else cell)
    return ", ".join(cells)


def _best_order(manager: RunManager, seeds: int) -> tuple[bool | None, str]:
    runs = _train(manager, (*LAB, "dcgan"), seeds, IMAGES)
    found = {name: _distances(runs[name]) for name in LAB}
    return in_order([spread.values for spread in found.values()]), _(
        "Fréchet distance after 2 epochs of MNIST, where the lab looks at samples after 30: {distances}. The lab "
        "normalises the data for its WGAN only; a DCGAN with data in [-1, 1] reaches {distance}.",
        distances=_listed(found, seeds, 0),
        distance=_distances(runs["dcgan"]).text(0),
    )


def _rise_and_fall(manager: RunManager, seeds: int) -> tuple[bool | None, str]:
    runs = _train(manager, ("gan-lab",), seeds, "30ep")["gan-lab"]
    shapes = [rises_then_falls(run.history().column("generator_loss")) for run in runs]
    epochs = [
        float(run.history().column("epoch")[course(run.history().column("generator_loss")).argmax()]) for run in runs
    ]
    return (shapes[0] if len(set(shapes)) == 1 else None), _(
        "In {count} of {runs} runs of gan-lab over 30 epochs of MNIST; the highest point lies at epoch {epoch} (the "
        "document says 10).",
        count=sum(shapes),
        runs=len(shapes),
        epoch=Spread(tuple(epochs)).text(1),
    )


def _smoother(manager: RunManager, seeds: int) -> tuple[bool | None, str]:
    runs = _train(manager, LAB, seeds, IMAGES)
    found = {name: Spread(tuple(_roughness_of(run) for run in runs[name])) for name in LAB}
    wgan = found[LAB[0]].values
    verdicts = {in_order([wgan, found[name].values]) for name in LAB[1:]}
    return (False if False in verdicts else None if None in verdicts else True), _(
        "Jumps of both losses around their courses, as a share of the course's range, over 2 epochs of MNIST: "
        "{jumps}.",
        jumps=_listed(found, seeds, 3),
    )


def _roughness_of(run: Run) -> float:
    """Mean over the players' losses."""
    history = run.history()
    losses = [name for name in history.names if name.endswith("_loss")]
    return float(np.mean([roughness(history.column(name)) for name in losses]))


def _one_optimizer(manager: RunManager, seeds: int) -> tuple[bool | None, str]:
    presets = ("grl", "grl-in-turns")
    runs = _train(manager, presets, seeds, IMAGES)
    found = {name: _distances(runs[name]) for name in presets}
    reversal, turns = found.values()
    margin = EQUAL * turns.mean
    return same_within(turns.values, reversal.values, margin), _(
        "The same networks and losses, Fréchet distance after 2 epochs of MNIST: {distances}; equal means that the "
        "means lie within {share:.0%}, {margin:.0f}, of one another. One backward pass gives the gradients of both "
        "players at the same point; in turns, G meets a D that has already moved.",
        distances=_listed(found, seeds, 0),
        share=EQUAL,
        margin=margin,
    )


def _clear_after_50(manager: RunManager, seeds: int) -> tuple[bool | None, str]:
    row = measure("gan-simple", _train(manager, ("gan-simple",), seeds, "50ep")["gan-simple"])
    confidence, precision = (row.spread(name) or Spread((0.0,)) for name in ("confidence", "precision"))
    distance = row.spread("frechet") or Spread((math.inf,))
    return confidence.mean >= 0.9 and precision.mean >= 0.5, _(
        "gan-simple after 50 epochs of MNIST: mean confidence of the classifier {confidence}, precision {precision} "
        "(share of samples that look like some real digit), Fréchet distance {distance}. Clear means a confidence of "
        "0.9 and a precision of a half.",
        confidence=confidence.text(2),
        precision=precision.text(2),
        distance=distance.text(0),
    )


CLAIMS: dict[str, Claim] = {
    claim.name: claim
    for claim in (
        Claim(
            "order", N_("WGAN is best, then DCGAN, then GAN."), N_("seed 004, questions after task 3"), _best_order
        ),
        Claim(
            "rise", N_("The GAN's generator loss first rises and then falls."), N_("seed 004, task 3"), _rise_and_fall
        ),
        Claim("smooth", N_("WGAN's loss curves are smoother."), N_("seed 004, summary"), _smoother),
        Claim(
            "grl",
            N_("One optimizer with gradient reversal equals training in turns."),
            N_("seed 000"),
            _one_optimizer,
        ),
        Claim("clear", N_("Clear digits after 50 epochs."), N_("seed 002, table at the end"), _clear_after_50),
    )
}
"""Name -> claim."""
