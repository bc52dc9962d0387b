"""The latent space of a generator: walks, directions, a plane through points, and the same z through the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import address
from dashboard.faults import fragment
from dashboard.inversion_view import inversion_view
from dashboard.latent_controls import beside, choose, keep_state, linked, read_state
from dashboard.latent_explorer import Shown, Station, View, latent_explorer
from dashboard.latent_explorer.chosen import Chosen, keep
from dashboard.run_colors import run_look
from dashboard.run_picker import run_labels
from dashboard.style import run_mark
from gancore import kept_latents
from gancore.errors import GanCoreError
from gancore.i18n import N_, _, language
from gancore.recipes import recipe_of


def main() -> None:
    """The page."""
    try:
        chosen = choose()
        if chosen is None:
            return
        with chosen.generators.lock:
            settings = chosen.sampler.config.settings
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return
    look = run_look(chosen.run.id)
    run_mark(chosen.run.id, look.color, look.dash)
    explain = (
        _(
            "This generator turns z, {count} random numbers drawn from N(0, 1), into an image; z that lie close "
            "together give similar images.",
            count=settings.latent_dim,
        )
        if settings.latent_distribution == "normal"
        else _(
            "This generator turns z, {count} random numbers between 0 and 1, into an image; z that lie close "
            "together give similar images.",
            count=settings.latent_dim,
        )
    )
    st.caption(explain)
    labels = {str(_(label)): view for view, (label, _draw) in VIEWS.items()}
    names = {view: label for label, view in labels.items()}
    key = f"latent.view.{language()}"
    first = next(iter(VIEWS))
    asked = linked("view", names, unsaid=first)
    if asked is None and key not in st.session_state:  # of another language until now
        asked = next((view for view in address.said("view") if view in names), None)
    if asked is not None:
        st.session_state[key] = names[asked]
    tabs = st.tabs(list(labels), key=key, on_change="rerun")
    for tab, view in zip(tabs, labels.values(), strict=True):
        if tab.open:
            address.write("view", [view], unsaid=[first])
            with tab:
                VIEWS[view][1](chosen)


@fragment
def _walk(chosen: Chosen) -> None:
    _explore("walk", chosen, beside(chosen))


@fragment
def _directions(chosen: Chosen) -> None:
    _explore("directions", chosen)


@fragment
def _plane(chosen: Chosen) -> None:
    _explore("plane", chosen)


@fragment
def _time(chosen: Chosen) -> None:
    _explore("time", chosen)


def _find(chosen: Chosen) -> None:
    with chosen.generators.lock:
        sampler = chosen.sampler.copy()
    inversion_view(chosen.run, sampler, chosen.condition, chosen.moment)


def _explore(view: View, chosen: Chosen, others: Sequence[Shown] = ()) -> None:
    """A view of the explorer on the chosen generator."""
    (state, stamp), folder = read_state(), chosen.run.folder
    with chosen.generators.lock:
        config = chosen.sampler.config
    label = run_labels([chosen.run])[chosen.run.id]
    look = run_look(chosen.run.id)
    first = Shown(chosen.where, f"{label} · {chosen.moment.split('@')[0]}", look.color, look.dash)
    found = latent_explorer(
        view,
        [first, *others],
        state,
        key=f"latent-{view}",
        stamp=stamp,
        distribution=config.settings.latent_distribution,
        stations=[Station(at, placed.gallery.iteration) for at, placed in chosen.generators.milestones().items()],
        kept={kind: [each.name for each in kept_latents.kept(folder, kind)] for kind in ("point", "direction")},
        has_gallery=recipe_of(config.preset).conditioned_on != "image",
    )
    keep_state(found.state, stamp)
    if found.keep is None:
        return
    try:
        keep(found.keep, chosen)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun(scope="fragment")


VIEWS: dict[str, tuple[str, Callable[[Chosen], None]]] = {
    "walk": (N_("Walk"), _walk),
    "directions": (N_("Directions"), _directions),
    "plane": (N_("Plane"), _plane),
    "time": (N_("Through training"), _time),
    "find": (N_("Find an image"), _find),
}
"""Name in the address -> the tab's label and what draws it. A view is one line more."""

main()
