"""Experiments about single steps and layers: detach, reversal, optimizers, BatchNorm, LeakyReLU, the presets."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.learn.claims import Computed, Finding
from dashboard.learn.figures import Curve, bars, curves
from dashboard.palette import DISCRIMINATOR_COLOR, FAKE_COLOR, GENERATOR_COLOR, OCHRE, PLUM
from gancore.i18n import _
from gancore.theory import layers, slopes, updates
from gancore.theory.layers import Normalised, SignRule, Units
from gancore.theory.updates import Agreement, Detached

Numbers = dict[str, Any]

RATE, STEPS = 0.2, 60
"""Of the smallest game's players."""
EPS = {"0.8": 0.8, "1e-5": 1e-5}
"""As the documents and PyTorch write them."""
SLOPES = (0.0, 0.1, 0.2)
RANGES = ("[0, 1]", "[-1, 1]")
ROUNDING = 1e-5
"""Share of a vector's length that float32 leaves undecided."""


def _read_detached(found: Detached) -> Finding:
    text = _(
        "D's gradient is the same with and without the detach: of its length {size:.3f} they differ by {apart:.1e}. "
        "What the detach keeps clean is G: without it, D's loss leaves a gradient of length {left:.3f} in G's "
        "weights, with it {kept:g}. It spares that work; zeroing G's gradients before its own step has the same "
        "result.",
        size=found.discriminator.size, apart=found.discriminator.difference, left=found.left_in_generator[1],
        kept=found.left_in_generator[0],
    )  # fmt: skip
    figure = bars(
        [_("with detach"), _("without")],
        [
            (_("in D"), [found.discriminator.size] * 2, DISCRIMINATOR_COLOR),
            (_("in G"), found.left_in_generator, GENERATOR_COLOR),
        ],
        _("length of the gradient of D's loss"),
    )
    changes = found.discriminator.difference > ROUNDING * found.discriminator.size
    return Finding("shows" if changes else "refutes", text, figure)


def _read_mean(found: dict[str, float]) -> Finding:
    text = _(
        "Halving the loss halves the step of plain gradient descent ({sgd:.3f} of the sum's) and leaves Adam's as it "
        "is ({adam:.3f}): Adam divides by the gradient's own size. The two parts weigh the same in the sum already.",
        sgd=found["SGD"], adam=found["Adam"],
    )  # fmt: skip
    figure = bars(
        list(found), [("", list(found.values()), DISCRIMINATOR_COLOR)], _("distance moved, mean against sum")
    )
    matters = abs(found["Adam"] - 1) > 0.01
    return Finding("shows" if matters else "refutes", text, figure)


def _read_memories(found: Numbers) -> Finding:
    text = _(
        "After one step from a gradient of {gradient:g}, Adam's first memory is {first:.4g} = (1 − {beta1:g}) × "
        "{gradient:g}, its second {second:.4g} = (1 − {beta2:g}) × {gradient:g}². Beta 2 belongs to the mean of "
        "squares, the second moment; the option's help text repeats the line above it.",
        **found,
    )
    squares = abs(found["second"] - (1 - found["beta2"]) * found["gradient"] ** 2) < 1e-6
    return Finding("refutes" if squares else "shows", text)


def _memories() -> Numbers:
    gradient, beta1, beta2 = 3.0, 0.5, 0.999
    first, second = updates.adam_memories(gradient, beta1, beta2)
    return {"gradient": gradient, "beta1": beta1, "beta2": beta2, "first": first, "second": second}


def _read_reversed(found: Agreement) -> Finding:
    text = _(
        "Behind the layer, G's gradient (length {size:.3f}) is minus the one without it, to {apart:.1e}.",
        size=found.size, apart=found.difference,
    )  # fmt: skip
    return Finding("shows" if found.difference <= ROUNDING * found.size else "refutes", text)


def _read_optimizers(found: Agreement) -> Finding:
    text = _(
        "After 20 steps the weights of both ways differ by {apart:.1e} (their length is {size:.2f}): Adam treats "
        "every weight by itself, so one over both networks is two with the same settings. What the reversal changes "
        "is the loss and that both step at once; one optimizer only takes away the choice of two learning rates.",
        size=found.size, apart=found.difference,
    )  # fmt: skip
    return Finding("shows" if found.difference <= ROUNDING * found.size else "refutes", text)


def _crossing() -> Numbers:
    return {
        "at_once": slopes.crossing_points(STEPS, RATE, at_once=True),
        "in_turns": slopes.crossing_points(STEPS, RATE, at_once=False),
    }


def _read_crossing(numbers: Numbers) -> Finding:
    at_once, turns = numbers["at_once"], numbers["in_turns"]
    lines = [
        Curve(_("both at once"), at_once[:, 0], at_once[:, 1], DISCRIMINATOR_COLOR),
        Curve(_("in turns"), turns[:, 0], turns[:, 1], GENERATOR_COLOR, "dash"),
        Curve(_("equilibrium"), [0.0], [0.0], OCHRE, points=True),
    ]
    lengths = [float(np.linalg.norm(path, axis=1)[-1] / np.linalg.norm(path[0])) for path in (at_once, turns)]
    widest = float(np.linalg.norm(turns, axis=1).max() / np.linalg.norm(turns[0]))
    text = _(
        "After {steps} steps at once the players are {once:.2f} times as far from the equilibrium as at the start; "
        "in turns {turns:.2f} times, and never beyond {widest:.2f}. The same gradients, another game.",
        steps=STEPS, once=lengths[0], turns=lengths[1], widest=widest,
    )  # fmt: skip
    same = abs(lengths[0] - lengths[1]) < 0.1
    return Finding("shows" if same else "refutes", text, curves(lines, "x", "y"))


def _read_momentum(found: tuple[float, float]) -> Finding:
    text = _(
        "Against BatchNorm1d(width), momentum=0.8 changes a layer's outputs in training by {momentum:g}, and 0.8 in "
        "the second place by up to {eps:.2f}: it is eps. Momentum only sets how fast the averages follow that are "
        "used after training; it stays at 0.1 here.",
        momentum=found[0], eps=found[1],
    )  # fmt: skip
    return Finding("refutes" if found[1] > found[0] else "shows", text)


def _eps() -> Numbers:
    variances = np.geomspace(1e-4, 10.0, 101)
    return {
        "variances": variances,
        "scales": [layers.batchnorm_scale(variances, eps) for eps in EPS.values()],
        "measured": [layers.batchnorm_in_generator(eps) for eps in EPS.values()],
    }


def _read_eps(numbers: Numbers) -> Finding:
    measured: list[Normalised] = numbers["measured"]
    lines = [
        Curve(f"eps = {eps}", numbers["variances"], scale, color, dash)
        for eps, scale, color, dash in zip(
            EPS, numbers["scales"], (DISCRIMINATOR_COLOR, GENERATOR_COLOR), ("solid", "dash"), strict=True
        )
    ] + [
        Curve(_("the generator's layers"), found.before, found.after, color, dash, points=True)
        for found, color, dash in zip(measured, (PLUM, OCHRE), ("solid", "dash"), strict=True)
    ]
    text = _(
        "With eps 0.8 the generator's three BatchNorm layers put out deviations of {wide}; with 1e-5 {narrow}. The "
        "large eps does not normalise activations as small as these: it divides them by almost a constant, and they "
        "shrink from layer to layer.",
        wide=_numbers(measured[0].after), narrow=_numbers(measured[1].after),
    )  # fmt: skip
    normalises = bool(np.all(np.abs(measured[0].after - 1) < 0.1))
    figure = curves(lines, _("variance of the activations"), _("deviation after BatchNorm"), log="x")
    return Finding("shows" if normalises else "refutes", text, figure)


def _numbers(values: Any) -> str:
    return ", ".join(f"{value:.2f}" for value in values)


def _units() -> list[Units]:
    return [layers.dead_units(slope) for slope in SLOPES]


def _read_units(found: list[Units]) -> Finding:
    names = [_("ReLU") if units.slope == 0 else f"LeakyReLU({units.slope:g})" for units in found]
    text = _(
        "After steps that were too long, {relu:.0%} of ReLU's units get no gradient from any of the data: they are "
        "dead and stay so. With LeakyReLU it is {leaky:.0%}, also of those that are negative for all data.",
        relu=found[0].without_gradient, leaky=max(units.without_gradient for units in found[1:]),
    )  # fmt: skip
    holds = found[0].without_gradient > 0 and all(units.without_gradient == 0 for units in found[1:])
    groups = [
        (_("negative for all data"), [units.silent for units in found], FAKE_COLOR),
        (_("without any gradient"), [units.without_gradient for units in found], DISCRIMINATOR_COLOR),
    ]
    return Finding("shows" if holds else "refutes", text, bars(names, groups, _("share of the hidden units")))


def _sign() -> list[SignRule]:
    return [layers.sign_rule(data_range) for data_range in RANGES]


def _read_sign(found: list[SignRule]) -> Finding:
    lab, fitting = found
    text = _(
        "{negative:.0%} of what an untrained tanh generator paints lies below 0, where data in [0, 1] never are: the "
        "one rule \"a pixel below 0 is a sample\" is right {lab:.0%} of the time. With data in [-1, 1] it is right "
        "{fitting:.0%} of the time, as often as a coin.",
        negative=lab.negative, lab=lab.accuracy, fitting=fitting.accuracy,
    )  # fmt: skip
    groups = [("", [rule.accuracy for rule in found], DISCRIMINATOR_COLOR)]
    figure = bars([_("data in {range}", range=name) for name in RANGES], groups, _("told right by the sign alone"))
    return Finding("refutes" if lab.accuracy > fitting.accuracy + 0.1 else "shows", text, figure)


def _lab_layers() -> Numbers:
    return {**layers.layer_counts("dcgan-lab"), "flattened": layers.flattened_width("dcgan-lab")}


def _read_lab_layers(found: Numbers) -> Finding:
    discriminator, generator = found["discriminator"], found["generator"]
    norms = sum(count for kind, count in discriminator.items() if "BatchNorm" in kind)
    text = _(
        "The lab's DCGAN discriminator has {norms} BatchNorm layers and {d_linear} fully connected ones, the "
        "generator {g_linear}. What a comment calls 64×4×4 features is {flattened:,} numbers, 64×7×7.",
        norms=norms, d_linear=discriminator["Linear"], g_linear=generator["Linear"], flattened=found["flattened"],
    )  # fmt: skip
    as_said = norms > 0 and discriminator["Linear"] + generator["Linear"] == 0
    return Finding("shows" if as_said else "refutes", text)


def _read_simple_layers(found: Numbers) -> Finding:
    convolutions = sum(count for part in found.values() for kind, count in part.items() if "Conv" in kind)
    linear = sum(part["Linear"] for part in found.values())
    text = _(
        "Both networks of the document have {convolutions} convolutions and {linear} fully connected layers: a "
        "perceptron is what DCGAN replaced and no simpler DCGAN.",
        convolutions=convolutions, linear=linear,
    )  # fmt: skip
    return Finding("shows" if convolutions else "refutes", text)


DETACH = Computed(updates.with_and_without_detach, _read_detached)
MEAN = Computed(updates.step_of_mean_against_sum, _read_mean)
MEMORIES = Computed(_memories, _read_memories)
REVERSAL = Computed(updates.reversed_gradient, _read_reversed)
ONE_OPTIMIZER = Computed(updates.one_and_two_optimizers, _read_optimizers)
CROSSING = Computed(_crossing, _read_crossing)
MOMENTUM = Computed(layers.momentum_against_eps, _read_momentum)
BATCHNORM_EPS = Computed(_eps, _read_eps)
DEAD_UNITS = Computed(_units, _read_units)
SIGN = Computed(_sign, _read_sign)
LAB_LAYERS = Computed(_lab_layers, _read_lab_layers)
SIMPLE_LAYERS = Computed(lambda: layers.layer_counts("gan-simple"), _read_simple_layers)
