"""An anatomy as HTML: for each network a table of its layers in the order of execution; pure, no Streamlit."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gancore.anatomy import HUGE, Anatomy, Layer, Network, Values

NO_VALUE = "—"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Scale:
    """A logarithmic scale of whole powers of ten."""

    low: int
    high: int

    @classmethod
    def over(cls, values: Iterable[float | None]) -> Scale:
        """The scale that has room for all of them; zeros and what is missing have no place on it."""
        exponents = [math.log10(value) for value in values if value]
        if not exponents:
            return cls(-1, 0)
        low = math.floor(min(exponents))
        return cls(low, max(low + 1, math.ceil(max(exponents))))

    def share(self, value: float) -> float:
        """How far along it a value is, in [0, 1]; 0 is at its start."""
        return (math.log10(value) - self.low) / (self.high - self.low) if value else 0.0

    @property
    def ends(self) -> str:
        """``10⁻⁵ to 10⁻²``."""
        return f"{_power(self.low)} to {_power(self.high)}"


def drawing(anatomy: Anatomy, every_number: bool = False) -> str:
    """Both networks beside each other where there is room, with their bars on common scales.

    Args:
        every_number: with all that was measured, one network below the other.
    """
    networks = (anatomy.generator, anatomy.discriminator)
    layers = [layer for network in networks for layer in network.layers]
    spread = Scale.over(_std(layer.activations) for layer in layers)
    gradient = Scale.over(layer.gradient_length for layer in layers)
    readings = "".join(f"<p>{html.escape(text)}</p>" for text in readings_of(anatomy))
    tables = "".join(_table(network, (spread, gradient), every_number) for network in networks)
    return (
        f'<div class="networks"><div class="network-readings">{readings}</div>'
        f'<div class="network-tables{" every-number" if every_number else ""}">{tables}</div></div>'
    )


def readings_of(anatomy: Anatomy) -> list[str]:
    """What can be said in words with certainty; nothing of what was not measured."""
    if anatomy.unmeasured:
        return []
    networks = (anatomy.generator, anatomy.discriminator)
    found = [network.reading for network in networks if network.reading]
    if not any(layer.verdict for network in networks for layer in network.layers):
        found.append("No layer is dead, saturated, vanishing or large.")
    return found


def badge(layer: Layer, network: Network) -> str:
    """A layer's verdict with its number, such as ``dead 62 %``; empty without one."""
    if layer.verdict == "dead":
        return f"dead {layer.dead:.0%}".replace("%", " %")
    if layer.verdict == "saturated":
        return f"saturated {layer.saturated:.0%}".replace("%", " %")
    length, end = layer.gradient_length, network.gradient_length
    if layer.verdict == "vanishing":
        return f"vanishing 1/{end / length:,.0f}" if length and end and end > length else "vanishing"
    if layer.verdict == "large":
        if layer.activations is not None and layer.activations.rms > HUGE:
            return f"large, RMS {number(layer.activations.rms)}"
        return f"large {length / end:,.0f}×" if length and end else "large"
    return ""


def number(value: float | None) -> str:
    """Two digits: ``0.058``, ``340`` or ``5.8·10⁻⁴``."""
    if value is None:
        return NO_VALUE
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        digits = 0 if abs(value) >= 10 else 1 - math.floor(math.log10(abs(value) or 1))
        return f"{value:,.{digits}f}".replace("-", "−") if value else "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}·{_power(int(exponent))}".replace("-", "−")


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``64×14×14``."""
    return "×".join(map(str, shape)) if shape else NO_VALUE


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def _std(values: Values | None) -> float | None:
    return None if values is None else values.std


def _percent(share: float | None) -> str:
    return NO_VALUE if share is None else f"{100 * share:.0f} %"


def _range(values: Values | None) -> str:
    return NO_VALUE if values is None else f"{number(values.low)} to {number(values.high)}"


MORE: dict[str, Callable[[Layer], str]] = {
    "Weights": lambda layer: _range(layer.weights),
    "Weights, RMS": lambda layer: NO_VALUE if layer.weights is None else number(layer.weights.rms),
    "Mean activation": lambda layer: NO_VALUE if layer.activations is None else number(layer.activations.mean),
    "Range of activations": lambda layer: _range(layer.activations),
    "Dead": lambda layer: _percent(layer.dead),
    "Saturated": lambda layer: _percent(layer.saturated),
    "Gradient, RMS": lambda layer: number(layer.gradient_rms),
    "Weight gradient, RMS": lambda layer: number(layer.weight_gradient_rms),
}
"""Columns beyond those that a glance needs."""


def _table(network: Network, scales: tuple[Scale, Scale], every_number: bool) -> str:
    title, count = network.name.capitalize(), len(network.layers)
    heads = "".join(f'<th scope="col" class="more">{name}</th>' for name in MORE) if every_number else ""
    rows = []
    before = ""
    for layer in network.layers:
        rows.append(_row(layer, network, layer.part if layer.part != before else "", scales, every_number))
        before = layer.part
    return (
        f'<div class="network" role="region" tabindex="0" aria-label="{title}, layer by layer"><table>'
        f"<caption><strong>{title}</strong> <span>{count} layers, {network.parameters:,} parameters</span></caption>"
        '<thead><tr><th scope="col">Layer</th><th scope="col" class="fold">Output</th>'
        '<th scope="col" class="fold">Parameters</th>'
        f'<th scope="col" class="bar">Activations<small>{scales[0].ends}</small></th>'
        f'<th scope="col" class="bar">Gradient<small>{scales[1].ends}</small></th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(layer: Layer, network: Network, part: str, scales: tuple[Scale, Scale], every_number: bool) -> str:
    shape, count = shape_text(layer.shape), f"{layer.parameters:,}" if layer.parameters else NO_VALUE
    below = f"{shape}, {layer.parameters:,} parameters" if layer.parameters else shape
    note = badge(layer, network)
    named = f'<span class="part">{html.escape(part.replace("_", " "))}</span>' if part else ""
    marked = f'<span class="verdict {layer.verdict}">{note}</span>' if note else ""
    more = "".join(f'<td class="more">{text(layer)}</td>' for text in MORE.values()) if every_number else ""
    return (
        f'<tr class="{"weighted" if layer.parameters else "plain"}"><th scope="row">{named}'
        f'<span class="name">{html.escape(layer.name)}</span><span class="below">{below}</span>{marked}</th>'
        f'<td class="fold">{shape}</td><td class="fold">{count}</td>'
        f"{_bar('activations', _std(layer.activations), scales[0])}"
        f"{_bar('gradient', layer.gradient_length, scales[1])}{more}</tr>"
    )


def _bar(kind: str, value: float | None, scale: Scale) -> str:
    track = ""
    if value is not None:
        style = f"--share:{scale.share(value):.3f};--decades:{scale.high - scale.low}"
        track = f'<span class="track" style="{style}"></span>'
    return f'<td class="bar {kind}">{track}<span class="number">{number(value)}</span></td>'
