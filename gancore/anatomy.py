"""A run's two networks, layer by layer: what they are, what they let through, and what is amiss.

:func:`gancore.examine.examine` finds it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gancore.i18n import N_, _

Name = Literal["generator", "discriminator", "critic"]
_NAMES: dict[Name, str] = {
    "generator": N_("generator"),
    "discriminator": N_("discriminator"),
    "critic": N_("critic"),
}
Verdict = Literal["", "dead", "saturated", "vanishing", "large"]

MOST_DEAD = 0.5
"""More of a layer's units silent than at work."""
MOST_SATURATED = 0.5
"""More values without a slope than with one, but for as many as the data have at the ends too."""
FAR = 1_000.0
"""Times that a gradient's length shrinks or grows between a network's output and a layer. PyTorch's initialisation
alone takes about the square root of 3 a layer, so that a network without any fault would need a dozen layers."""
NO_STEP = 1e-8
"""RMS of a weight's gradient below which Adam's and RMSprop's steps shrink with it, as they add this to what they
divide by (Kingma and Ba 2015, arXiv:1412.6980, Algorithm 1)."""
HUGE = 100.0
"""RMS of activations; a sigmoid's slope there is below float32's smallest normal number."""
WORTH_SAYING = 100.0
"""Times that a gradient changes from a network's end to its start to be told in words."""


@dataclass(frozen=True)
class Values:
    """What is said of many numbers."""

    mean: float
    std: float
    low: float
    high: float

    @property
    def rms(self) -> float:
        """Root mean square."""
        return math.hypot(self.mean, self.std)


@dataclass(frozen=True)
class Layer:
    """One layer of a network; what it has not, or what could not be measured, is None."""

    name: str
    """In words, such as ``ConvTranspose2d 64 → 32, 4×4, stride 2``."""
    path: str
    """Where PyTorch has it, such as ``from_half.0``."""
    part: str
    """The named part of the network it belongs to, such as ``from_half`` or ``SelfAttention f``; or empty."""
    shape: tuple[int, ...] | None
    """Of its output for one sample; None where the step did not use it."""
    parameters: int
    """Its own, those of modules within it left out."""
    weights: Values | None = None
    """What it multiplies with, biases left out; the normalised weight where it is normalised."""
    activations: Values | None = None
    """Its outputs in all passes of the step."""
    dead: float | None = None
    """Of ReLU: share of neurons or feature maps that were 0 for every sample and place, in [0, 1]."""
    saturated: float | None = None
    """Of tanh and sigmoid: share of values within 1 % of their ends, in [0, 1]."""
    saturated_data: float | None = None
    """The same share of the data, for the layer that makes the samples."""
    gradient_rms: float | None = None
    """Of the loss by single outputs, in the network's own updates."""
    gradient_length: float | None = None
    """Of the loss by all outputs for one sample, the root mean square over samples. Unlike ``gradient_rms`` it does
    not fall merely because a layer is wide (Pascanu et al. 2013, arXiv:1211.5063, follow the same norm back)."""
    weight_gradient_rms: float | None = None
    """Of the loss by its weights, biases left out."""
    verdict: Verdict = ""
    """What is certainly amiss; the first of these that holds."""


@dataclass(frozen=True)
class Network:
    """One player, its layers in the order of execution."""

    name: Name
    layers: tuple[Layer, ...]
    parameters: int
    gradient_length: float | None
    """:attr:`Layer.gradient_length` of its output; None where nothing was measured."""

    @property
    def reading(self) -> str:
        """One sentence on the way its gradients take, where there is something certain to say; else empty."""
        first = next((layer.gradient_length for layer in self.layers if layer.parameters), None)
        if first is None or self.gradient_length is None:
            return ""
        player = _(_NAMES[self.name])
        if self.gradient_length == 0:
            return _("The loss has no slope on this batch, so the {player} is not changed.", player=player)
        if first == 0:
            return _("No gradient reaches the first layer of the {player}.", player=player)
        change = self.gradient_length / first
        times = max(change, 1 / change)
        if times < WORTH_SAYING:
            return ""
        rounded = float(f"{times:.1g}")
        if change > 1:
            return _(
                "Gradients fall {times:,.0f}-fold from the last to the first layer of the {player}.",
                times=rounded,
                player=player,
            )
        return _(
            "Gradients grow {times:,.0f}-fold from the last to the first layer of the {player}.",
            times=rounded,
            player=player,
        )


@dataclass(frozen=True)
class Anatomy:
    """Both networks of a run at one moment."""

    run: str
    """Its id."""
    iteration: int
    generator: Network
    discriminator: Network
    unmeasured: str = ""
    """Why there are layers, shapes and weights only: the data cannot be had; empty: all was measured."""


def verdict(layer: Layer, end: float | None) -> Verdict:
    """What is certainly amiss with a layer.

    Args:
        end: the gradient's length at its network's output; None where there was none.
    """
    if layer.dead is not None and layer.dead > MOST_DEAD:
        return "dead"
    natural = layer.saturated_data or 0.0
    if layer.saturated is not None and layer.saturated - natural > MOST_SATURATED * (1 - natural):
        return "saturated"
    length, step = layer.gradient_length, layer.weight_gradient_rms
    if (step is not None and step < NO_STEP) or (length is not None and end and length * FAR < end):
        return "vanishing"
    far = length is not None and end and length > end * FAR
    return "large" if far or (layer.activations is not None and layer.activations.rms > HUGE) else ""
