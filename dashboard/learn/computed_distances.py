"""Experiments about gradients that vanish, the distances behind the losses, and what clipping does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dashboard.learn.claims import Computed, Finding, Verdict
from dashboard.learn.figures import Curve, curves
from dashboard.palette import DISCRIMINATOR_COLOR, GENERATOR_COLOR, OCHRE, OLIVE, PINK, PLUM
from gancore.i18n import _
from gancore.theory import divergences, fitted, slopes
from gancore.theory.fitted import ClippedCritic, Winning

Numbers = dict[str, Any]

FADED = 0.1
"""Share of its largest value below which a gradient counts as vanished."""
AGREE = 0.01
"""Largest difference between two derivatives that are the same up to the arithmetic."""
CLIPS = (0.01, 0.03, 0.1, 0.3)
DISTANCES = (1.0, 2.0, 4.0)
DEEP = {"depth": 8, "width": 32, "iterations": 60}
SHALLOW_CLIP = 0.1


def _saturation() -> Numbers:
    scores = np.linspace(-10.0, 10.0, 201)
    saturating, other = slopes.generator_slopes(scores)
    probability = 1 / (1 + np.exp(-scores))
    return {
        "scores": scores,
        "probability": probability,
        "saturating": saturating,
        "other": other,
        "by_probability": slopes.slope_by_probability(probability),
    }


def _slope_figure(numbers: Numbers) -> Any:
    lines = [
        Curve(_("log(1 − D), saturating"), numbers["scores"], numbers["saturating"], DISCRIMINATOR_COLOR),
        Curve(_("−log D, non-saturating"), numbers["scores"], numbers["other"], GENERATOR_COLOR, "dash"),
    ]
    return curves(lines, _("score of a sample, before the sigmoid"), _("size of the derivative"))


def _read_saturation(numbers: Numbers) -> Finding:
    at = 20  # a score of -8
    value = math.log1p(-numbers["probability"][at])
    text = _(
        "At a score of {score:.0f}, D(G(z)) = {probability:.4f}: log(1 − D) is {value:.4f}, close to 0 indeed. But "
        "its derivative by D is still {by_probability:.4f} in size; the one by the score, which is what reaches G, "
        "is {saturating:.4f}. The sigmoid takes the gradient away and not the value; −log D keeps {other:.4f} of "
        "it.",
        score=numbers["scores"][at], probability=numbers["probability"][at], value=value,
        by_probability=numbers["by_probability"][at], saturating=numbers["saturating"][at],
        other=numbers["other"][at],
    )  # fmt: skip
    faded = numbers["saturating"][at] < FADED
    because_of_value = numbers["by_probability"][at] < FADED
    verdict: Verdict = "shows" if faded and because_of_value else "depends" if faded else "refutes"
    return Finding(verdict, text, _slope_figure(numbers))


def _read_winning(found: Winning) -> Finding:
    lines = [
        Curve(_("log(1 − D), saturating"), found.iterations, found.saturating, DISCRIMINATOR_COLOR),
        Curve(_("−log D, non-saturating"), found.iterations, found.non_saturating, GENERATOR_COLOR, "dash"),
    ]
    shares = [float(pushes[-1] / pushes.max()) for pushes in (found.saturating, found.non_saturating)]
    text = _(
        "After {count} steps of D alone, D(G(z)) is {d_fake:.4f} on average. The saturating loss pulls at a sample "
        "with {saturating:.2%} of its largest strength, −log D with {other:.0%}.",
        count=int(found.iterations[-1]), d_fake=found.d_fake[-1], saturating=shares[0], other=shares[1],
    )  # fmt: skip
    vanished = [share < FADED for share in shares]
    verdict: Verdict = "shows" if all(vanished) else "depends" if any(vanished) else "refutes"
    return Finding(verdict, text, curves(lines, _("steps of D"), _("gradient at a sample"), log="y"))


def _pushes() -> Numbers:
    means = np.linspace(0.0, 4.0, 41)
    return {"means": means, **divergences.generator_pushes(means)}


def _push_figure(numbers: Numbers) -> Any:
    looks = (
        ("2 JS", _("2 JS"), OLIVE, "solid"),
        ("saturating", _("log(1 − D), D at its best"), DISCRIMINATOR_COLOR, "dash"),
        ("KL - 2 JS", _("KL(p_g ‖ p_data) − 2 JS"), OCHRE, "solid"),
        ("non_saturating", _("−log D, D at its best"), GENERATOR_COLOR, "dot"),
    )
    lines = [Curve(label, numbers["means"], numbers[name], color, dash) for name, label, color, dash in looks]
    return curves(lines, _("mean of the samples; the data's is 0"), _("derivative by that mean"))


def _read_js_loss(numbers: Numbers) -> Finding:
    minimax, other = (
        float(np.abs(numbers[name] - numbers["2 JS"]).max()) for name in ("saturating", "non_saturating")
    )
    text = _(
        "With D at its best, log(1 − D) pushes as 2 JS does (largest difference {minimax:.1e}); −log D, which the "
        "document's code trains with, does not (up to {other:.2f} away). And D is at its best in theory alone.",
        minimax=minimax, other=other,
    )  # fmt: skip
    agreeing = [minimax < AGREE, other < AGREE]
    verdict: Verdict = "shows" if all(agreeing) else "depends" if any(agreeing) else "refutes"
    return Finding(verdict, text, _push_figure(numbers))


def _read_reverse_kl(numbers: Numbers) -> Finding:
    apart = float(np.abs(numbers["non_saturating"] - numbers["KL - 2 JS"]).max())
    text = _(
        "−log D pushes as KL(p_g ‖ p_data) − 2 JS does: largest difference {apart:.1e}. KL in that direction "
        "punishes samples where there are no data, and hardly data without samples; and JS comes with a minus sign.",
        apart=apart,
    )  # fmt: skip
    return Finding("shows" if apart < AGREE else "refutes", text, _push_figure(numbers))


def _apart() -> Numbers:
    distances = np.linspace(0.0, 3.0, 61)
    js, w1 = divergences.apart(distances)
    return {"distances": distances, "js": js, "w1": w1}


def _read_apart(numbers: Numbers) -> Finding:
    distances, js, w1 = numbers["distances"], numbers["js"], numbers["w1"]
    beyond = distances >= 0.5
    lines = [
        Curve(_("Jensen–Shannon"), distances, js, DISCRIMINATOR_COLOR),
        Curve(_("Wasserstein"), distances, w1, GENERATOR_COLOR, "dash"),
    ]
    text = _(
        "Once the two do not overlap (from 0.5 on) JS stays at {js:.4f} = log 2, changing by {still:.1e}: its "
        "gradient is 0. Wasserstein's distance is {far:.2f} at {end:.0f} and grows evenly.",
        js=float(js[-1]), still=float(np.ptp(js[beyond])), far=float(w1[-1]), end=float(distances[-1]),
    )  # fmt: skip
    holds = float(np.ptp(js[beyond])) < 1e-6 and bool((np.diff(w1) > 0).all())
    figure = curves(lines, _("distance"), _("divergence, distance"), levels=((math.log(2), "log 2"),))
    return Finding("shows" if holds else "refutes", text, figure)


def _clipped() -> list[list[ClippedCritic]]:
    return [[fitted.clipped_critic(clip, distance) for distance in DISTANCES] for clip in CLIPS]


def _read_estimates(found: list[list[ClippedCritic]]) -> Finding:
    colors = (DISCRIMINATOR_COLOR, GENERATOR_COLOR, OCHRE, PLUM)
    lines = [
        Curve(_("clip {clip:g}", clip=row[0].clip), [c.distance for c in row], [c.estimate for c in row], color, dash)
        for row, color, dash in zip(found, colors, ("solid", "dash", "dot", "dashdot"), strict=True)
    ]
    lines.append(Curve(_("the distance"), DISTANCES, DISTANCES, PINK, "dot"))
    ratios = [row[1].ratio for row in found]
    text = _(
        "At a true distance of {distance:.0f} the critics give between {low:.4f} and {high:.0f} times that, by their "
        "clip alone. Within one clip, more distance gives more. So the loss tells better from worse in one run, but "
        "it is no distance, and runs of different clips or networks cannot be held against one another.",
        distance=DISTANCES[1], low=min(ratios), high=max(ratios),
    )  # fmt: skip
    exact = all(abs(ratio - 1) < 0.1 for ratio in ratios)
    rising = all(np.all(np.diff([critic.estimate for critic in row]) > 0) for row in found)
    verdict: Verdict = "shows" if exact else "depends" if rising else "refutes"
    return Finding(verdict, text, curves(lines, _("Wasserstein distance"), _("negative critic loss"), log="xy"))


def _read_outputs(critic: ClippedCritic) -> Finding:
    line = Curve(_("critic"), fitted.REACH, critic.scores, DISCRIMINATOR_COLOR)
    text = _(
        "With weights clipped to {clip:g} the score still grows from {near:.1f} at a distance of {close:.0f} to "
        "{far:.0f} at {out:.0f}: what is bounded is the slope. The original discriminator's output, behind its "
        "sigmoid, never leaves 0 to 1, so there was nothing too large to avoid.",
        clip=critic.clip, near=float(critic.scores[0]), close=fitted.REACH[0], far=float(critic.scores[-1]),
        out=fitted.REACH[-1],
    )  # fmt: skip
    grows = float(critic.scores[-1]) > 1
    figure = curves([line], _("distance from 0"), _("size of the score"), levels=((1.0, "1"),), log="xy")
    return Finding("refutes" if grows else "shows", text, figure)


def _deep() -> list[ClippedCritic]:
    return [fitted.clipped_critic(clip, **DEEP) for clip in CLIPS]


def _read_deep(found: list[ClippedCritic]) -> Finding:
    layers = np.arange(1, DEEP["depth"] + 1)
    looks = zip((DISCRIMINATOR_COLOR, GENERATOR_COLOR, OCHRE, PLUM), ("solid", "dash", "dot", "dashdot"), strict=True)
    lines = [
        Curve(_("clip {clip:g}", clip=critic.clip), layers, critic.layer_gradients, color, dash)
        for critic, (color, dash) in zip(found, looks, strict=True)
    ]
    passed = {critic.clip: critic.gradient_left for critic in found}
    low, high = min(passed, key=passed.__getitem__), max(passed, key=passed.__getitem__)
    text = _(
        "Of the gradient at the last of {depth} layers, {least:.1e} times as much is left at the first with a clip "
        "of {low:g}, and {most:.1e} times with {high:g}. Clipped weights make the gradient vanish or explode with "
        "depth, as the clip goes.",
        depth=int(layers[-1]), least=passed[low], low=low, most=passed[high], high=high,
    )  # fmt: skip
    vanishes = [share < 1e-3 for share in passed.values()]
    verdict: Verdict = "refutes" if all(vanishes) else "depends" if any(vanishes) else "shows"
    return Finding(verdict, text, curves(lines, _("layer, from the input"), _("length of the gradient"), log="y"))


SATURATION = Computed(_saturation, _read_saturation)
WINNING = Computed(fitted.winning_discriminator, _read_winning)
JS_LOSS = Computed(_pushes, _read_js_loss)
REVERSE_KL = Computed(_pushes, _read_reverse_kl)
APART = Computed(_apart, _read_apart)
ESTIMATES = Computed(_clipped, _read_estimates)
OUTPUTS = Computed(lambda: fitted.clipped_critic(SHALLOW_CLIP), _read_outputs)
DEEP_CRITICS = Computed(_deep, _read_deep)
