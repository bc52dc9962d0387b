"""What a search for a z shows: pictures with captions, and how the error fell; pure, no Streamlit."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Iterable, Sequence

from torch import Tensor

from gancore import images
from gancore.i18n import _

_WIDTH, _HEIGHT = 300, 64
_COLOR = "#6a70f0"


def tiles(pictures: Iterable[tuple[Tensor, str]], kind: str = "", marked: int | None = None) -> str:
    """Images with captions, as HTML.

    Args:
        kind: ``small`` for a row of many.
        marked: number of the one that is chosen.
    """
    figures = []
    for number, (image, caption) in enumerate(pictures):
        data = base64.b64encode(images.png(image)).decode()
        text = html.escape(caption)
        picture = f'<img src="data:image/png;base64,{data}" alt="{text}" decoding="sync">'
        here = "here" if number == marked else ""
        figures.append(f'<figure class="{here}">{picture}<figcaption>{text}</figcaption></figure>')
    return f'<div class="tiles inversion-tiles {kind}">{"".join(figures)}</div>'


def curve(errors: Sequence[float], reports: int) -> str:
    """The error over the steps so far, on a logarithmic scale, as wide as there is room.

    Args:
        errors: one a report.
        reports: of a whole search.
    """
    if len(errors) < 2:
        return '<div class="inversion-curve"></div>'
    logs = [math.log(max(error, 1e-6)) for error in errors]
    low, high = min(logs), max(logs)
    span = max(high - low, 1e-3)
    places = [
        f"{number / max(1, reports - 1) * _WIDTH:.1f},{(high - log) / span * (_HEIGHT - 6) + 3:.1f}"
        for number, log in enumerate(logs)
    ]
    label = html.escape(_("Error from {first:.3f} to {last:.3f}", first=errors[0], last=errors[-1]))
    style = f'fill="none" stroke="{_COLOR}" stroke-width="2" vector-effect="non-scaling-stroke"'
    line = f'<polyline points="{" ".join(places)}" {style}/>'
    view = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" {view}>{line}</svg>'
    # As an image: Streamlit takes drawings out of HTML.
    data = base64.b64encode(drawn.encode()).decode()
    return f'<div class="inversion-curve"><img src="data:image/svg+xml;base64,{data}" alt="{label}"></div>'
