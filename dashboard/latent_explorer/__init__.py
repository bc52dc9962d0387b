"""Views of a generator's latent space that answer while a slider moves.

The scripts of this folder keep one view alive for each key; what they show they ask of `routes.py`, beside Streamlit,
so that a slider's image is there before a page could rerun. `questions.py` is what can be asked, `generators.py` what
is asked of, `state.py` what a reader has set, which stands in the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from dashboard.components import component
from dashboard.language import words_of
from dashboard.latent_explorer.questions import Where
from dashboard.latent_explorer.state import State
from gancore import i18n
from gancore.kept_latents import Kind
from gancore.latents import Distribution

__all__ = ["Explored", "Keep", "Shown", "State", "Station", "View", "latent_explorer"]

View = Literal["walk", "directions", "plane", "time"]
_SCRIPTS = ("asking.js", "elements.js", "points.js", "walk.js", "directions.js", "plane.js", "time.js", "explorer.js")
_component = component("ganscope_latent_explorer", Path(__file__).parent, *_SCRIPTS, "../slider.css", "explorer.css")


@dataclass(frozen=True)
class Shown:
    """A generator whose images are shown."""

    where: Where
    name: str
    color: str
    dash: str
    """With the colour, of the run's :class:`dashboard.run_colors.Look`."""


@dataclass(frozen=True)
class Station:
    """A checkpoint of the run."""

    at: str
    iteration: int


@dataclass(frozen=True)
class Keep:
    """A wish to keep something under a name, or to forget it."""

    name: str
    kind: Kind
    question: Mapping[str, Any] | None
    """Whose one z it is, of a point to be kept."""
    of: str = ""
    """Of a direction to be kept: its name on the page."""
    source: str = ""
    forget: bool = False


@dataclass(frozen=True)
class Explored:
    """What the reader did."""

    state: State
    keep: Keep | None


def latent_explorer(
    view: View,
    shown: Sequence[Shown],
    state: State,
    *,
    key: str,
    stamp: int,
    distribution: Distribution,
    stations: Sequence[Station],
    kept: Mapping[Kind, Sequence[str]],
    has_gallery: bool,
) -> Explored:
    """Draw a view; the page runs again when what was set comes to rest.

    Args:
        shown: the generator, and others beside it where the view is a walk.
        state: what is set at first.
        key: identifies the view; the same key is the same view, which keeps what the reader has set.
        stamp: another number has the view take over ``state``.
        stations: the run's checkpoints, oldest first.
        kept: names of what was kept with the run.
        has_gallery: whether its galleries' tiles are single samples that a z can be taken from.
    """
    result = _component(
        key=key,
        data={
            "key": key,
            "view": view,
            "shown": [{**asdict(each), "where": each.where.model_dump()} for each in shown],
            "state": state.model_dump(),
            "stamp": stamp,
            "distribution": distribution,
            "stations": [asdict(station) for station in stations],
            "kept": {kind: list(names) for kind, names in kept.items()},
            "hasGallery": has_gallery,
            "language": i18n.language(),
            "words": words_of(*(f"dashboard/latent_explorer/{name}" for name in _SCRIPTS)),
        },
        default={"state": None},
        on_state_change=lambda: None,
        on_keep_change=lambda: None,
    )
    return Explored(_read_state(result.state, stamp, state), _read_keep(result.keep))


def _read_state(sent: Any, stamp: int, before: State) -> State:
    """What the browser sent; nothing of before a link was followed."""
    if not isinstance(sent, Mapping) or sent.get("stamp") != stamp:
        return before
    try:
        return State.model_validate(dict(sent))
    except ValidationError:
        return before


def _read_keep(sent: Any) -> Keep | None:
    if not isinstance(sent, Mapping) or sent.get("kind") not in ("point", "direction"):
        return None
    question = sent.get("question")
    return Keep(
        name=str(sent.get("name", "")),
        kind=sent["kind"],
        question=question if isinstance(question, Mapping) else None,
        of=str(sent.get("of", "")),
        source=str(sent.get("source", ""))[:200],
        forget=bool(sent.get("forget")),
    )
