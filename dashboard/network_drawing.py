"""An anatomy as HTML: for each network a table of its layers in the order of execution; pure, no Streamlit."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gancore.anatomy import HUGE, Anatomy, Layer, Network, Values
from gancore.i18n import N_, _

NO_VALUE = "—"
PLAYERS = (N_("Generator"), N_("Discriminator"), N_("Critic"))
LAYER, OUTPUT, PARAMETERS = N_("Layer"), N_("Output"), N_("Parameters")
ACTIVATIONS, GRADIENT = N_("Activations"), N_("Gradient")
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
        return _("{low} to {high}", low=_power(self.low), high=_power(self.high))


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
        found.append(_("No layer is dead, saturated, vanishing or large."))
    return found


def badge(layer: Layer, network: Network) -> str:
    """A layer's verdict with its number, such as ``dead 62 %``; empty without one."""
    if layer.verdict == "dead":
        return _("dead {share}", share=_percent(layer.dead))
    if layer.verdict == "saturated":
        return _("saturated {share}", share=_percent(layer.saturated))
    length, end = layer.gradient_length, network.gradient_length
    if layer.verdict == "vanishing":
        times = _rounded(end / length) if length and end and end > length else ""
        return _("vanishing 1/{times}", times=times) if times else _("vanishing")
    if layer.verdict == "large":
        if layer.activations is not None and layer.activations.rms > HUGE:
            return _("large, RMS {value}", value=number(layer.activations.rms))
        return _("large {times}×", times=_rounded(length / end)) if length and end else _("large")
    return ""


def number(value: float | None) -> str:
    """Two digits: ``0.058``, ``340`` or ``5.8·10⁻⁴``."""
    if value is None:
        return NO_VALUE
    mantissa, exponent = f"{value:.1e}".split("e")
    power = int(exponent)
    if value and not -3 <= power < 4:
        return f"{mantissa}·{_power(power)}".replace("-", "−")
    return f"{float(f'{value:.1e}'):,.{max(0, 1 - power)}f}".replace("-", "−") if value else "0"


def shape_text(shape: tuple[int, ...] | None) -> str:
    """``64×14×14``."""
    return "×".join(map(str, shape)) if shape else NO_VALUE


def _rounded(times: float) -> str:
    return f"{float(f'{times:.1e}'):,.0f}"


def _power(exponent: int) -> str:
    return "10" + str(exponent).translate(_SUPERSCRIPTS)


def _kept_together(name: str) -> str:
    """A layer's name that breaks after its kind and after commas only."""
    return name.replace(" → ", "\u00a0→\u00a0").replace("stride ", "stride\u00a0")


def _std(values: Values | None) -> float | None:
    return None if values is None else values.std


def _percent(share: float | None) -> str:
    return NO_VALUE if share is None else f"{100 * share:.0f} %"


def _range(values: Values | None) -> str:
    return NO_VALUE if values is None else _("{low} to {high}", low=number(values.low), high=number(values.high))


MORE: dict[str, Callable[[Layer], str]] = {
    N_("Weights"): lambda layer: _range(layer.weights),
    N_("Weights, RMS"): lambda layer: NO_VALUE if layer.weights is None else number(layer.weights.rms),
    N_("Mean activation"): lambda layer: NO_VALUE if layer.activations is None else number(layer.activations.mean),
    N_("Range of activations"): lambda layer: _range(layer.activations),
    N_("Dead"): lambda layer: _percent(layer.dead),
    N_("Saturated"): lambda layer: _percent(layer.saturated),
    N_("Gradient, RMS"): lambda layer: number(layer.gradient_rms),
    N_("Weight gradient, RMS"): lambda layer: number(layer.weight_gradient_rms),
}
"""Columns beyond those that a glance needs."""


def _table(network: Network, scales: tuple[Scale, Scale], every_number: bool) -> str:
    title = _(network.name.capitalize())
    facts = _("{layers} layers, {parameters:,} parameters", layers=len(network.layers), parameters=network.parameters)
    label, below = _("{network}, layer by layer", network=title), _("output · parameters")
    rows = []
    before = ""
    for layer in network.layers:
        rows.append(_row(layer, network, layer.part if layer.part != before else "", scales, every_number))
        before = layer.part
    return (
        f'<div class="network" role="region" tabindex="0" aria-label="{label}"><table>'
        f"<caption><strong>{title}</strong> <span>{facts}</span></caption><thead><tr>"
        f'<th scope="col">{_(LAYER)}<small class="below">{below}</small></th>'
        f'<th scope="col" class="fold">{_(OUTPUT)}</th><th scope="col" class="fold">{_(PARAMETERS)}</th>'
        f'<th scope="col" class="bar">{_(ACTIVATIONS)}<small>{scales[0].ends}</small></th>'
        f'<th scope="col" class="bar">{_(GRADIENT)}<small>{scales[1].ends}</small></th>'
        f"{_more(every_number, 'th scope=col', map(_, MORE))}"
        f"</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(layer: Layer, network: Network, part: str, scales: tuple[Scale, Scale], every_number: bool) -> str:
    shape, count = shape_text(layer.shape), f"{layer.parameters:,}" if layer.parameters else NO_VALUE
    name = f'<span class="name">{html.escape(_kept_together(layer.name))}</span>'
    if part:
        name = f'<span class="part">{html.escape(part.replace("_", " "))}</span>{name}'
    name += f'<span class="below">{f"{shape} · {count}" if layer.parameters else shape}</span>'
    if note := badge(layer, network):
        name += f'<span class="verdict {layer.verdict}">{note}</span>'
    return (
        f'<tr class="{"weighted" if layer.parameters else "plain"}"><th scope="row">{name}</th>'
        f'<td class="fold">{shape}</td><td class="fold">{count}</td>'
        f"{_bar('activations', _std(layer.activations), scales[0])}"
        f"{_bar('gradient', layer.gradient_length, scales[1])}"
        f"{_more(every_number, 'td', (text(layer) for text in MORE.values()))}</tr>"
    )


def _more(every_number: bool, opening: str, texts: Iterable[str]) -> str:
    """Further cells of a row, if they are wanted, ``opening`` being ``td`` or ``th`` with attributes."""
    tag = opening[:2]
    return "".join(f'<{opening} class="more">{text}</{tag}>' for text in texts) if every_number else ""


def _bar(kind: str, value: float | None, scale: Scale) -> str:
    track = ""
    if value is not None:
        style = f"--share:{scale.share(value):.3f};--decades:{scale.high - scale.low}"
        track = f'<span class="track" style="{style}"></span>'
    return f'<td class="bar {kind}">{track}<span class="number">{number(value)}</span></td>'
