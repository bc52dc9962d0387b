"""Experiments about the game itself: its best discriminator, its value, and its losses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dashboard.learn.claims import Computed, Finding, Verdict
from dashboard.learn.figures import Curve, curves
from dashboard.palette import (
    DISCRIMINATOR_COLOR,
    FAKE_COLOR,
    GENERATOR_COLOR,
    LAVENDER,
    OCHRE,
    PLUM,
    REAL_COLOR,
)
from gancore.i18n import _
from gancore.theory import divergences, fitted, slopes
from gancore.theory.fitted import FittedDiscriminator

Numbers = dict[str, Any]

CLOSE = 0.05
"""Mean distance from D* below which a trained discriminator agrees with it."""
PRINTED = ((1, 1.3689, 0.7231), (2, 1.1452, 0.6213), (100, 0.3214, 0.6901))
"""Epoch, D's loss and G's loss of the sample output in seed 002."""
_MOVED = 0.02


def _two_outcomes() -> Numbers:
    y = np.linspace(0.01, 0.99, 99)
    pairs = ((1.0, 1.0), (3.0, 1.0))
    return {"y": y, "pairs": pairs, "values": [divergences.two_outcomes(y, a, b) for a, b in pairs]}


def _read_two_outcomes(numbers: Numbers) -> Finding:
    (a, b), values, y = numbers["pairs"][1], numbers["values"][1], numbers["y"]
    place, largest, share = float(y[values.argmax()]), float(values.max()), a / (a + b)
    lines = [
        Curve(f"a = {pair[0]:g}, b = {pair[1]:g}", y, found, color, dash)
        for pair, found, color, dash in zip(
            numbers["pairs"], numbers["values"], (LAVENDER, PLUM), ("solid", "dash"), strict=True
        )
    ]
    text = _(
        "With a = {a:g} and b = {b:g} the curve is highest at y = {place:.2f}, which is a / (a + b) = {share:.2f}; "
        "its value there is {largest:.3f}. So a / (a + b) is the place of the maximum and not the maximum.",
        a=a, b=b, place=place, share=share, largest=largest,
    )  # fmt: skip
    wrong = abs(largest - share) > _MOVED
    return Finding("refutes" if wrong else "shows", text, curves(lines, "y", "a log y + b log(1 − y)"))


def _read_fitted(found: FittedDiscriminator) -> Finding:
    lines = [
        Curve(_("p_data"), found.places, found.real, REAL_COLOR, "dot"),
        Curve(_("p_g"), found.places, found.fake, FAKE_COLOR, "dot"),
        Curve(_("D* by the formula"), found.places, found.best, DISCRIMINATOR_COLOR),
        Curve(_("D as trained"), found.places, found.fitted, GENERATOR_COLOR, "dash"),
    ]
    text = _(
        "A network that was trained by cross-entropy alone lies within {error:.3f} of the formula on average (where "
        "data or samples are). Its value V is {value:.3f}, the largest possible one {best:.3f}.",
        error=found.error, value=found.value, best=found.best_value,
    )  # fmt: skip
    verdict: Verdict = "shows" if found.error < CLOSE else "refutes"
    return Finding(verdict, text, curves(lines, "x", _("density, probability")))


def _equilibrium() -> Numbers:
    distances = np.linspace(-4.0, 4.0, 81)
    return {"distances": distances, "values": divergences.best_values(distances)}


def _value_figure(numbers: Numbers) -> Any:
    line = Curve("C(G)", numbers["distances"], numbers["values"], DISCRIMINATOR_COLOR)
    levels = ((-math.log(4), "−log 4"), (0.0, "0"))
    return curves([line], _("mean of the samples; the data's is 0"), "C(G) = max V(D, G)", levels=levels)


def _read_minus_log_4(numbers: Numbers) -> Finding:
    distances, values = numbers["distances"], numbers["values"]
    lowest = int(values.argmin())
    holds = abs(values[lowest] + math.log(4)) < 1e-6 and abs(distances[lowest]) < 1e-9
    text = _(
        "C(G) is lowest where the samples' mean is {place:.2f}, that is, where both distributions are the same; "
        "there it is {value:.6f}, and −log 4 = {theory:.6f}. At a distance of 1 it is {aside:.3f}.",
        place=abs(distances[lowest]), value=values[lowest], theory=-math.log(4),
        aside=float(np.interp(1.0, distances, values)),
    )  # fmt: skip
    return Finding("shows" if holds else "refutes", text, _value_figure(numbers))


def _read_maximum(numbers: Numbers) -> Finding:
    distances, values = numbers["distances"], numbers["values"]
    at_equilibrium, largest = float(np.interp(0.0, distances, values)), float(values.max())
    text = _(
        "At the equilibrium the value is {value:.3f}, the lowest of the curve; at a distance of 4 it is "
        "{largest:.3f}, close to 0, which a perfect discriminator gets. D raises the value and G lowers it: the "
        "equilibrium is a saddle, lowest over G of what is highest over D.",
        value=at_equilibrium, largest=largest,
    )  # fmt: skip
    return Finding("refutes" if at_equilibrium < largest else "shows", text, _value_figure(numbers))


def _sums() -> Numbers:
    fake = np.linspace(0.02, 0.98, 97)
    minimax, other = slopes.sums_of_losses(np.array(0.8), fake)
    return {"fake": fake, "minimax": minimax, "other": other}


def _read_sums(numbers: Numbers) -> Finding:
    fake, minimax, other = (numbers[name] for name in ("fake", "minimax", "other"))
    lines = [
        Curve(_("minimax: G minimises log(1 − D)"), fake, minimax, DISCRIMINATOR_COLOR),
        Curve(_("the code: G minimises −log D"), fake, other, GENERATOR_COLOR, "dash"),
    ]
    text = _(
        "While G moves D(G(z)) from {low:.2f} to {high:.2f}, both losses of the minimax game add up to the same "
        "number (they change by {still:.2g}); with −log D, which the code uses, their sum changes by {moves:.2f}. "
        "That game is not zero-sum: one player's gain is not the other's loss.",
        low=fake[0], high=fake[-1], still=float(np.ptp(minimax)), moves=float(np.ptp(other)),
    )  # fmt: skip
    constant = float(np.ptp(other)) < _MOVED
    return Finding("shows" if constant else "refutes", text, curves(lines, "D(G(z))", _("sum of both losses")))


def _fake_losses() -> Numbers:
    fake = np.linspace(0.01, 0.99, 99)
    return {"fake": fake, "discriminator": -np.log1p(-fake), "generator": -np.log(fake)}


def _read_fake_losses(numbers: Numbers) -> Finding:
    fake, first, second = (numbers[name] for name in ("fake", "discriminator", "generator"))
    same = int(np.abs(first - second).argmin())
    lines = [
        Curve(_("D's fake loss, label 0: −log(1 − D)"), fake, first, DISCRIMINATOR_COLOR),
        Curve(_("G's loss, label 1: −log D"), fake, second, GENERATOR_COLOR, "dash"),
    ]
    text = _(
        "They are equal at D(G(z)) = {place:.2f} only (both {value:.3f}). At D(G(z)) = {low:.2f} D pays {first:.3f} "
        "and G {second:.3f}: the labels are opposite, and so is what is wanted.",
        place=fake[same], value=first[same], low=fake[9], first=first[9], second=second[9],
    )  # fmt: skip
    differ = float(np.abs(first - second).max()) > _MOVED
    return Finding("refutes" if differ else "shows", text, curves(lines, "D(G(z))", _("loss")))


def _forms() -> Numbers:
    scores = np.linspace(-5.0, 40.0, 91)
    return {"scores": scores, "forms": slopes.cross_entropy_by_form(scores), "full": slopes.overflow_score()}


def _read_forms(numbers: Numbers) -> Finding:
    scores, forms = numbers["scores"], numbers["forms"]
    names = {
        "softplus": _("softplus of the score"),
        "BCELoss": _("sigmoid, then torch's BCELoss"),
        "clamped": _("sigmoid, then the clamped form"),
    }
    looks = ((OCHRE, "solid"), (DISCRIMINATOR_COLOR, "dot"), (GENERATOR_COLOR, "dash"))
    lines = [
        Curve(names[form], scores, forms[form][0], color, dash)
        for form, (color, dash) in zip(names, looks, strict=True)
    ]
    last = {form: (float(values[-1]), float(gradients[-1])) for form, (values, gradients) in forms.items()}
    text = _(
        "At a score of {score:.0f} the clamped form gives {clamped:.1f}, torch's BCELoss {bce:.0f}, and the true "
        "loss is {true:.0f}. The clamped form's gradient there is {slope:.0f}, so D could not learn from its worst "
        "mistakes; from a score of {full:.1f} on, float32's sigmoid is exactly 1. Only softplus is right "
        "throughout.",
        score=scores[-1], clamped=last["clamped"][0], bce=last["BCELoss"][0], true=last["softplus"][0],
        slope=last["clamped"][1], full=numbers["full"],
    )  # fmt: skip
    same = bool(np.allclose(forms["clamped"][0], forms["BCELoss"][0], rtol=1e-2))
    figure = curves(lines, _("score of a sample, before the sigmoid"), "−log(1 − D)")
    return Finding("shows" if same else "refutes", text, figure)


def _printed() -> Numbers:
    generator = np.linspace(0.2, 1.5, 131)
    printed = np.array(PRINTED)
    return {
        "generator": generator,
        "least": slopes.least_discriminator_loss(generator),
        "printed": printed,
        "least_of_printed": slopes.least_discriminator_loss(printed[:, 2]),
    }


def _read_printed(numbers: Numbers) -> Finding:
    printed, least = numbers["printed"], numbers["least_of_printed"]
    short = least - printed[:, 1]
    worst = int(short.argmax())
    lines = [
        Curve(_("the least that D's loss can be"), numbers["generator"], numbers["least"], DISCRIMINATOR_COLOR),
        Curve(_("as printed"), printed[:, 2], printed[:, 1], FAKE_COLOR, "dash", points=True),
    ]
    text = _(
        "A G loss of {generator:.4f} means that D's loss on the same samples is at least {least:.3f} (Jensen's "
        "inequality); epoch {epoch:.0f} prints {found:.4f} for both of D's parts together. D's step between the two "
        "readings moves them by little at this learning rate, so these figures did not come out of this code.",
        generator=printed[worst, 2], least=least[worst], epoch=printed[worst, 0], found=printed[worst, 1],
    )  # fmt: skip
    if short[worst] <= _MOVED:
        text = _("All printed pairs are possible.")
    figure = curves(lines, _("G's loss"), _("D's loss"))
    return Finding("refutes" if short[worst] > _MOVED else "shows", text, figure)


OUTCOMES = Computed(_two_outcomes, _read_two_outcomes)
FITTED = Computed(fitted.fit_discriminator, _read_fitted)
MINUS_LOG_4 = Computed(_equilibrium, _read_minus_log_4)
MAXIMUM = Computed(_equilibrium, _read_maximum)
ZERO_SUM = Computed(_sums, _read_sums)
FAKE_LOSSES = Computed(_fake_losses, _read_fake_losses)
FORMS = Computed(_forms, _read_forms)
PRINTED_LOSSES = Computed(_printed, _read_printed)
