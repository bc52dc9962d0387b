"""Experiments of whole runs: small presets on the plane or on the bundled digits, for seconds to two minutes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dashboard.learn.claims import Finding, Trained
from dashboard.learn.figures import Curve, bars, curves
from dashboard.palette import DISCRIMINATOR_COLOR, FAKE_COLOR, GENERATOR_COLOR, OCHRE
from gancore.config import RunConfig
from gancore.i18n import _
from gancore.plane import PlaneView
from gancore.recipes import configure
from gancore.run import Run

Array = NDArray[np.float64]

FIRST, LAST = 20, 200
"""Iterations that "at first" and "at the end" are means over."""
NEAR = 0.1
"""Share by which two numbers may differ and still be called the same."""
TELLING = 0.6
"""Rank correlation from which one number is called a guide to the other."""
_AROUND = 25
"""Iterations to either side of a measurement that a loss is a mean over."""


def _ring(preset: str, plan: str, **overrides: object) -> RunConfig:
    return configure(preset, data="ring", plan=plan, measure_every="50it", device="cpu", **overrides)


def _digits(preset: str, plan: str, **overrides: object) -> RunConfig:
    return configure(
        preset, data="digits", plan=plan, measure_every="50it", sample_every=None, device="cpu", **overrides
    )


def plane_gan() -> tuple[RunConfig, ...]:
    """The non-saturating GAN on the ring."""
    return (_ring("ns-gan", "3000it"),)


def critic_and_gan() -> tuple[RunConfig, ...]:
    """A critic beside the GAN of :func:`plane_gan`."""
    return (_ring("wgan-gp", "1000it"), *plane_gan())


def critic_steps() -> tuple[RunConfig, ...]:
    """Five critic updates for one of the generator, and one for one."""
    return _ring("wgan-gp", "1000it"), _ring("wgan-gp", "1000it", critic_steps=1)


def lab_ranges() -> tuple[RunConfig, ...]:
    """The lab's GAN as it is, and with its data where its tanh is."""
    return _digits("gan-lab", "1000it"), _digits("gan-lab", "1000it", data_range="[-1, 1]")


def reversal_and_turns() -> tuple[RunConfig, ...]:
    """Gradient reversal and the same game in turns, on small networks."""
    small = {"base_channels": 8, "batch_size": 64, "learning_rate": 2e-3}
    return tuple(_digits(preset, "400it", **small) for preset in ("grl", "grl-in-turns"))


def strong_discriminator() -> tuple[RunConfig, ...]:
    """Minimax and the non-saturating loss, in turns alike, with D larger and quicker than G."""
    uneven = {"learning_rate": 2e-3, "generator_channels": 16, "discriminator_hidden": 512}
    return tuple(_digits(preset, "400it", **uneven) for preset in ("minimax", "ns-gan"))


def _first_and_last(values: Array) -> tuple[float, float]:
    return float(np.nanmean(values[:FIRST])), float(np.nanmean(values[-LAST:]))


def _smooth(values: Array, window: int = 2 * _AROUND) -> Array:
    return np.array([np.nanmean(values[max(0, at - window) : at + 1]) for at in range(len(values))])


def _measured(run: Run, name: str) -> tuple[Array, Array]:
    """(iteration, value) of a number of live quality."""
    quality = run.quality()
    if quality is None or name not in quality.history.names:
        return np.empty(0), np.empty(0)
    return quality.history.column("iteration"), quality.history.column(name)


def rank_correlation(first: Array, second: Array) -> float:
    """Spearman's coefficient, in [-1, 1]; 0 where one of them does not change or there are fewer than three."""
    if len(first) < 3:
        return 0.0
    ranks = [np.searchsorted(np.sort(values), values).astype(np.float64) for values in (first, second)]
    if min(np.ptp(rank) for rank in ranks) == 0:
        return 0.0
    first, second = (rank - rank.mean() for rank in ranks)
    return float(first @ second / math.sqrt(first @ first * (second @ second)))


def _loss_beside_distance(run: Run, column: str) -> tuple[Array, Array]:
    """(loss around each measurement, sliced Wasserstein distance of the samples then)."""
    places, distances = _measured(run, "wasserstein")
    values = run.history().column(column)
    around = [values[max(0, int(at) - _AROUND) : int(at) + _AROUND] for at in places]
    return np.array([float(np.nanmean(part)) if len(part) else math.nan for part in around]), distances


def _line(run: Run, column: str, name: str, color: str, dash: str = "solid") -> Curve:
    history = run.history()
    return Curve(name, history.column("iteration"), _smooth(history.column(column)), color, dash)


def _read_loss(runs: Sequence[Run]) -> Finding:
    (run,) = runs
    first, last = _first_and_last(run.history().column("generator_loss"))
    places, distances = _measured(run, "wasserstein")
    if len(distances) < 2:
        return Finding("open", _("The samples were measured fewer than two times; nothing can be said."))
    text = _(
        "G's loss was {first:.2f} in the first {count} iterations, when D knew nothing, and {last:.2f} at the end; "
        "the distance of the samples to the data fell from {far:.3f} to {near:.3f} meanwhile. Between the "
        "measurements, their ranks agree with {correlation:.2f} (1 would be always, 0 not at all).",
        first=first, count=FIRST, last=last, far=distances[0], near=distances[-1],
        correlation=rank_correlation(*_loss_beside_distance(run, "generator_loss")),
    )  # fmt: skip
    better_at_higher = distances[-1] < distances[0] and last >= first
    lines = [
        _line(run, "generator_loss", _("G's loss"), GENERATOR_COLOR),
        Curve(_("distance of the samples"), places, distances, OCHRE, "dash"),
    ]
    return Finding("refutes" if better_at_higher else "depends", text, curves(lines, _("iteration"), ""))


def _read_equilibrium(runs: Sequence[Run]) -> Finding:
    (run,) = runs
    _first, last = _first_and_last(run.history().column("discriminator_loss"))
    view = run.look()
    covered = 0 if view.coverage is None else view.coverage.covered
    text = _(
        "At the end D's loss is {loss:.3f}, so the value of the game is {value:.3f}; theory says −log 4 = "
        "{theory:.3f} where samples and data are alike. G makes {covered} of 8 modes. A loss this close also says "
        "that this D finds little left to tell, and not that there is nothing: an untrained D has it too.",
        loss=last, value=-last, theory=-math.log(4), covered=covered,
    )  # fmt: skip
    near = abs(last - math.log(4)) < NEAR * math.log(4)
    figure = curves(
        [_line(run, "discriminator_loss", _("D's loss"), DISCRIMINATOR_COLOR)],
        _("iteration"),
        _("D's loss"),
        levels=((math.log(4), "log 4"),),
    )
    return Finding("shows" if near else "refutes", text, figure)


def _read_critic(runs: Sequence[Run]) -> Finding:
    critic, gan = runs
    pairs = [_loss_beside_distance(critic, "critic_loss"), _loss_beside_distance(gan, "generator_loss")]
    wasserstein, other = rank_correlation(-pairs[0][0], pairs[0][1]), rank_correlation(*pairs[1])
    text = _(
        "Over {count} measurements, the ranks of the negative critic loss and of the samples' distance to the data "
        "agree with {critic:.2f}; those of the GAN's generator loss with {gan:.2f} (1 would be always, 0 not at "
        "all).",
        count=len(pairs[0][0]), critic=wasserstein, gan=other,
    )  # fmt: skip
    lines = [
        Curve(_("negative critic loss"), pairs[0][1], -pairs[0][0], DISCRIMINATOR_COLOR, "dash", points=True),
        Curve(_("the GAN's generator loss"), pairs[1][1], pairs[1][0], GENERATOR_COLOR, points=True),
    ]
    figure = curves(lines, _("distance of the samples to the data"), _("loss"), log="x")
    tells = wasserstein >= TELLING
    return Finding("shows" if tells and other < wasserstein else "depends" if tells else "refutes", text, figure)


def _read_steps(runs: Sequence[Run]) -> Finding:
    views = [run.look() for run in runs]
    found = [view.coverage for view in views if view.coverage is not None]
    distances = [_measured(run, "wasserstein")[1] for run in runs]
    ends = [float(values[-1]) if len(values) else math.nan for values in distances]
    text = _(
        "After the same 1,000 updates of G: with five critic steps {first} of 8 modes and a distance of {near:.3f} "
        "to the data; with one step {second} of 8 and {far:.3f}. A critic must be ahead for its slope to mean "
        "something.",
        first=found[0].covered, second=found[1].covered, near=ends[0], far=ends[1],
    )  # fmt: skip
    groups = [("", [coverage.covered for coverage in found], DISCRIMINATOR_COLOR)]
    figure = bars([_("5 critic steps"), _("1 critic step")], groups, _("modes of 8"))
    ahead_is_better = ends[0] < ends[1] and found[0].covered >= found[1].covered
    return Finding("refutes" if ahead_is_better else "depends", text, figure)


def _read_modes(runs: Sequence[Run]) -> Finding:
    found = [samples_of_modes(run.look()) for run in runs]
    modes, even = len(found[0]), sum(found[0]) / len(found[0])
    rare = [sum(count < even / 4 for count in counts) for counts in found]
    text = _(
        "Of {modes} modes, the WGAN leaves {wgan} with less than a quarter of an even share, its rarest has {least} "
        "of {total} samples; the GAN leaves {gan}, its rarest has {other}. This is one data set and one seed: not "
        "to have seen a collapse is no proof that there is none.",
        modes=modes, wgan=rare[0], least=min(found[0]), total=sum(found[0]), gan=rare[1], other=min(found[1]),
    )  # fmt: skip
    groups = [
        (name, sorted(counts, reverse=True), color)
        for name, counts, color in zip(
            ("WGAN-GP", "NS-GAN"), found, (DISCRIMINATOR_COLOR, GENERATOR_COLOR), strict=True
        )
    ]
    figure = bars([str(place) for place in range(1, modes + 1)], groups, _("samples of each mode"))
    return Finding("refutes" if rare[0] else "shows", text, figure)


def samples_of_modes(view: PlaneView) -> list[int]:
    """How many samples lie nearest to each mode, sharp or not: what is counted is variety."""
    if view.modes is None:
        return []
    nearest = (view.fake[:, None] - view.modes).square().sum(2).argmin(1)
    return list(map(int, nearest.bincount(minlength=len(view.modes))))


def _read_ranges(runs: Sequence[Run]) -> Finding:
    outside = [float(np.nanmean(run.signals().column("outside")[-20:])) for run in runs]
    ends = [values[-1] if len(values := _measured(run, "frechet")[1]) else math.nan for run in runs]
    text = _(
        "With data in [0, 1], {lab:.0%} of the pixels that G paints at the end are values no image has; with data in "
        "[-1, 1], {fitting:.0%}. Fréchet distances then: {first:.0f} and {second:.0f}; with so little training that "
        "number need not favour the range that fits.",
        lab=outside[0], fitting=outside[1], first=ends[0], second=ends[1],
    )  # fmt: skip
    names = [_("data in {range}", range=name) for name in ("[0, 1]", "[-1, 1]")]
    figure = bars(names, [("", outside, FAKE_COLOR)], _("pixels out of range"))
    return Finding("refutes" if outside[0] > outside[1] + 0.01 else "shows", text, figure)


def _read_reversal(runs: Sequence[Run]) -> Finding:
    ends = [_first_and_last(run.history().column("discriminator_loss"))[1] for run in runs]
    text = _(
        "The same networks, loss, rates and seed: at the end D's loss is {once:.3f} with the reversal and "
        "{turns:.3f} in turns. Equal would be within {near:.0%}. One run each: another seed gives other numbers.",
        once=ends[0], turns=ends[1], near=NEAR,
    )  # fmt: skip
    lines = [
        _line(run, "discriminator_loss", name, color, dash)
        for run, name, color, dash in zip(
            runs,
            (_("reversal, both at once"), _("in turns")),
            (DISCRIMINATOR_COLOR, GENERATOR_COLOR),
            ("solid", "dash"),
            strict=True,
        )
    ]
    same = abs(ends[0] - ends[1]) < NEAR * max(ends)
    return Finding("shows" if same else "refutes", text, curves(lines, _("iteration"), _("D's loss")))


def _read_alternation(runs: Sequence[Run]) -> Finding:
    pulls = [float(np.nanmean(run.signals().column("sample_gradient")[-20:])) for run in runs]
    ends = [values[-1] if len(values := _measured(run, "frechet")[1]) else math.nan for run in runs]
    text = _(
        "Both take turns, against the same strong D. At the end minimax's loss pulls at a sample with "
        "{minimax:.1e}, the non-saturating loss with {other:.1e}; Fréchet distances {first:.0f} and {second:.0f}. "
        "Turns alone did not help the first: it is the loss that does.",
        minimax=pulls[0], other=pulls[1], first=ends[0], second=ends[1],
    )  # fmt: skip
    stuck = pulls[0] < NEAR * pulls[1] and ends[0] > ends[1]
    if not stuck:
        text = _(
            "Minimax's loss pulls at a sample with {minimax:.1e} at the end, the non-saturating loss with "
            "{other:.1e}; Fréchet distances {first:.0f} and {second:.0f}. Here minimax got going too: with another "
            "seed it may not.",
            minimax=pulls[0], other=pulls[1], first=ends[0], second=ends[1],
        )  # fmt: skip
    lines = [
        Curve(name, run.signals().column("iteration"), run.signals().column("sample_gradient"), color, dash)
        for run, name, color, dash in zip(
            runs,
            (_("minimax"), _("non-saturating")),
            (DISCRIMINATOR_COLOR, GENERATOR_COLOR),
            ("solid", "dash"),
            strict=True,
        )
    ]
    figure = curves(lines, _("iteration"), _("gradient at a sample"), log="y")
    return Finding("refutes" if stuck else "depends", text, figure)


LOSS_IS_QUALITY = Trained(plane_gan, _read_loss, about_s=20)
EQUILIBRIUM = Trained(plane_gan, _read_equilibrium, about_s=20)
CRITIC_LOSS = Trained(critic_and_gan, _read_critic, about_s=60)
CRITIC_STEPS = Trained(critic_steps, _read_steps, about_s=60)
MODES = Trained(critic_and_gan, _read_modes, about_s=60)
RANGES = Trained(lab_ranges, _read_ranges, about_s=40)
REVERSAL = Trained(reversal_and_turns, _read_reversal, about_s=50)
ALTERNATION = Trained(strong_discriminator, _read_alternation, about_s=80)
