"""From a view of the plane to what the browser gets: small integers in base64. Pure; no Streamlit here."""

from __future__ import annotations

import base64
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gancore.i18n import N_, _
from gancore.plane import PlaneView

LAYERS = {
    "field": N_("Discriminator"),
    "real": N_("Data"),
    "fake": N_("Samples"),
    "modes": N_("Modes"),
    "manifold": N_("Manifold"),
    "arrows": N_("Gradients"),
}
"""Layer -> what a menu calls it, from the back to the front but for the manifold, which lies under the points."""
REACH = 8.0
"""Positions travel up to this many radii from the middle; what is farther out is moved there."""
STEPS = 32_767
MISSING = -32_768
"""Where a number is not finite."""


def pack_view(view: PlaneView, *, key: str, layers: Collection[str], name: str = "") -> dict[str, Any]:
    """Everything `plane_view.js` draws from, as JSON-safe values; the arguments are those of `plane_view`.

    Positions are int16 pairs in units of `REACH` radii, arrows int16 pairs in units of 2, the field bytes from its
    lowest colour, 1, over its middle, 128, to its highest, 255; 0 is no number.

    Raises:
        ValueError: When a layer is not one of `LAYERS`.
    """
    if unknown := set(layers) - set(LAYERS):
        raise ValueError(f"expected layers among {', '.join(LAYERS)}, found {', '.join(sorted(unknown))}")
    covered = None if view.coverage is None else (view.coverage.counts > 0).tolist()
    return {
        "key": key,
        "label": describe(view, name),
        "layers": list(layers),
        "iteration": view.iteration,
        "radius": view.radius,
        "real": _pairs(view.real / view.radius / REACH),
        "fake": _pairs(view.fake / view.radius / REACH),
        "manifold": _pairs(view.manifold.reshape(-1, 2) / view.radius / REACH),
        "manifoldSides": list(view.manifold.shape[:2]),
        "arrows": _pairs(view.arrows / 2),
        "field": _field(view),
        "fieldSide": len(view.field),
        "fieldKind": view.field_kind,
        "fieldLimits": list(view.field_limits),
        "modes": [] if view.modes is None else (view.modes / view.radius).tolist(),
        "covered": covered,
        "modeRadius": 3 * view.sigma / view.radius,
        "reach": REACH,
    }


def describe(view: PlaneView, name: str = "") -> str:
    """The view in a sentence or two, for those who hear it."""
    head = _("{plane} at iteration {iteration:,}", plane=name or _("The plane"), iteration=view.iteration)
    said = []
    if view.coverage is not None:
        found = view.coverage
        said.append(_("{covered} of {count} modes covered", covered=found.covered, count=len(found.counts)))
        said.append(_("{share:.0%} of the samples of high quality", share=found.high_quality))
    if view.field_kind == "probability":
        low, high = float(view.field.min()), float(view.field.max())
        said.append(
            _("the discriminator's probability of being real goes from {low:.2f} to {high:.2f}", low=low, high=high)
        )
    else:
        said.append(_("the critic's score is shown"))
    if view.label is not None:
        said.append(_("discriminator and manifold for {label}", label=view.label))
    return _("{plane}: {facts}.", plane=head, facts=_(", ").join(said))


def _pairs(values: Tensor) -> str:
    """(N, 2) numbers in [-1, 1] -> little-endian int16 in base64."""
    numbers = values.numpy().astype(np.float64)
    steps = np.round(np.clip(np.nan_to_num(numbers, posinf=1, neginf=-1), -1, 1) * STEPS)
    return _encode(np.where(np.isnan(numbers), MISSING, steps).astype("<i2"))


def _field(view: PlaneView) -> str:
    low, middle, high = view.field_limits
    numbers = view.field.numpy().astype(np.float64)
    away = (numbers - middle) / np.where(numbers < middle, middle - low, high - middle)
    steps = 128 + np.round(127 * np.clip(np.nan_to_num(away), -1, 1))
    return _encode(np.where(np.isnan(numbers), 0, steps).astype(np.uint8))


def _encode(values: NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
