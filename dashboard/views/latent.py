"""The latent space of a generator: walks, directions, a plane through points, and the same z through the training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
import torch
from pydantic import ValidationError
from torch import Tensor

from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.latent_explorer import Keep, Shown, State, Station, View, latent_explorer
from dashboard.latent_explorer.generators import NOW, Generators, generators_of
from dashboard.latent_explorer.questions import Question, Where, direction_of, latents_of
from dashboard.run_colors import run_look
from dashboard.run_picker import has_samples, pick_run, run_labels
from dashboard.style import run_mark
from gancore import kept_latents
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import N_, _, language
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sources import is_points

MOST_BESIDE = 5


@dataclass(frozen=True)
class Chosen:
    """The generator that all views show."""

    run: Run
    moment: str
    """``50 %``, or ``now@1234``: what the live generator was when it was copied."""
    condition: int | None
    """Number of what a conditional generator is told."""
    generators: Generators

    @property
    def where(self) -> Where:
        """For the routes."""
        return Where(run=self.run.id, at=self.moment, condition=self.condition)

    @property
    def sampler(self) -> Sampler:
        """Its weights are those of the moment until another is asked for: use it within ``generators.lock``."""
        return self.generators.sampler(self.moment)

    def file(self, what: str) -> str:
        """A download's name, without its ending."""
        moment = self.moment.split("@")[0].replace(" %", "pct")
        return f"{self.run.id}-{moment}-{what}"


def main() -> None:
    """The page."""
    try:
        chosen = _choose()
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
            "This generator turns z, {count} random numbers between 0 and 1, into an image; z that lie close together "
            "give similar images.",
            count=settings.latent_dim,
        )
    )
    st.caption(explain)
    labels = {str(_(label)): view for view, (label, _draw) in VIEWS.items()}
    names = {view: label for label, view in labels.items()}
    key = f"latent.view.{language()}"
    linked = _linked("view", names)
    if linked is not None:
        st.session_state[key] = names[linked]
    tabs = st.tabs(list(labels), key=key, on_change="rerun", default=names[linked] if linked else None)
    for tab, view in zip(tabs, labels.values(), strict=True):
        if tab.open:
            _write("view", view)
            with tab:
                VIEWS[view][1](chosen)


def _choose() -> Chosen | None:
    menu, moments = st.columns([3, 4], gap="medium")
    with menu:
        run = pick_run(wanted=lambda run: not is_points(run.config.data))
        condition = None if run is None else _condition(run)
    if run is None:
        return None
    generators = generators_of(run)
    there = [*generators.milestones(), *([NOW] if run.is_mine else [])]
    key = f"latent.at.{run.id}"
    linked = _linked("at", there)
    if linked is not None:
        st.session_state[key] = linked
    if st.session_state.get(key) not in there:
        kept = st.session_state.get("latent.at")
        st.session_state[key] = kept if kept in there else list(generators.milestones())[-1]
    with moments, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        moment = st.segmented_control(
            _("Training progress"),
            there,
            format_func=lambda at: _("now") if at == NOW else at,
            required=True,
            key=key,
            persist_state="session",
        )
        st.session_state["latent.at"] = moment
        _write("at", moment)
        if moment == NOW:
            moment = _now(run, generators)
    return Chosen(run, moment, condition, generators)


def _condition(run: Run) -> int | None:
    """What the generator is to be told, chosen from what the run keeps; None for an unconditional one."""
    conditions, resolved = run.folder.read_conditions(), run.folder.read_resolved()
    if conditions is None or resolved is None:
        return None
    if conditions.ndim == 1:
        label, names = _("Class"), resolved.classes
    else:
        label, names = _("Source image"), tuple(str(number) for number in range(1, len(conditions) + 1))
    kind = "class" if conditions.ndim == 1 else "source"
    key, linked = f"latent.{kind}", _linked("given", names)
    if linked is not None:
        st.session_state[key] = names.index(linked)
    if st.session_state.get(key, 0) >= len(names):
        st.session_state[key] = 0
    number = st.selectbox(label, range(len(names)), format_func=names.__getitem__, key=key, persist_state="session")
    _write("given", names[number])
    return number


def _now(run: Run, generators: Generators) -> str:
    """The live generator, copied when first asked for and when asked to again, so that a walk stays one walk."""
    fresh = st.button(_("Copy again"), icon=":material/refresh:", help=_("Take the generator as it is by now."))
    kept: tuple[str, str] | None = st.session_state.get("latent.now")
    if fresh or kept is None or kept[0] != run.id:
        kept = (run.id, generators.snapshot())
        st.session_state["latent.now"] = kept
    st.caption(_("Copied at iteration {iteration:,}.", iteration=int(kept[1].split("@")[1])))
    return kept[1]


def _linked(name: str, known: Sequence[str] | Mapping[str, str]) -> str | None:
    """What a followed link names in the address, if it is known and not what this page wrote there itself."""
    asked = st.query_params.get(name)
    if asked is None or asked == st.session_state.get(f"latent.written.{name}"):
        return None
    if name == "at" and f"{asked} %" in known:
        asked = f"{asked} %"
    return asked if asked in known else None


def _write(name: str, value: str) -> None:
    """Put a choice into the address where it is another: each change sends the whole address to the browser."""
    if st.query_params.get(name) != value:
        st.query_params[name] = value
    st.session_state[f"latent.written.{name}"] = value


def _state() -> tuple[State, int]:
    """What is set, and a number that is another once a followed link has set it."""
    query = {name: st.query_params.get_all(name) for name in State.model_fields}
    query = {name: values for name, values in query.items() if values}
    state, stamp = st.session_state.get("latent.state", (None, 0))
    if state is None or (query and query != st.session_state.get("latent.written")):
        state, stamp = State.read(query), stamp + 1
    _keep_state(state, stamp)
    return state, stamp


def _keep_state(state: State, stamp: int) -> None:
    st.session_state["latent.state"] = (state, stamp)
    query = state.query()
    for name in State.model_fields:
        if st.query_params.get_all(name) != query.get(name, []):
            if name in query:
                st.query_params[name] = query[name]
            else:
                del st.query_params[name]
    st.session_state["latent.written"] = query


@fragment
def _walk(chosen: Chosen) -> None:
    _explore("walk", chosen, _beside(chosen))


@fragment
def _directions(chosen: Chosen) -> None:
    _explore("directions", chosen)


@fragment
def _plane(chosen: Chosen) -> None:
    _explore("plane", chosen)


@fragment
def _time(chosen: Chosen) -> None:
    _explore("time", chosen)


def _beside(chosen: Chosen) -> list[Shown]:
    """Other runs whose strips are drawn from the same z, each at the same percentage of its training."""
    runs = {
        run.id: run
        for run in manager().runs()
        if run.id != chosen.run.id and has_samples(run) and not is_points(run.config.data)
    }
    if not runs:
        return []
    labels, key = run_labels(list(runs.values())), "latent.beside"
    linked = [name for name in st.query_params.get_all("beside") if name in runs]
    if linked and linked != st.session_state.get("latent.written.beside"):
        st.session_state[key] = linked[:MOST_BESIDE]
    st.session_state[key] = [name for name in st.session_state.get(key, []) if name in runs]
    picked: list[str] = st.multiselect(
        _("Other runs beside it"),
        list(runs),
        format_func=labels.__getitem__,
        max_selections=MOST_BESIDE,
        key=key,
        persist_state="session",
        placeholder=_("The same z in up to {most} more runs", most=MOST_BESIDE),
    )
    if st.query_params.get_all("beside") != picked:
        st.query_params["beside"] = picked
    st.session_state["latent.written.beside"] = picked
    shown = []
    for name in picked:
        there = generators_of(runs[name]).milestones()
        at = chosen.moment if chosen.moment in there else list(there)[-1]
        conditions = runs[name].folder.read_conditions()
        condition = None if conditions is None else min(chosen.condition or 0, len(conditions) - 1)
        where = Where(run=name, at=at, condition=condition)
        shown.append(Shown(where, f"{labels[name]} · {at}", run_look(name).color))
    return shown


def _explore(view: View, chosen: Chosen, beside: Sequence[Shown] = ()) -> None:
    """A view of the explorer on the chosen generator."""
    (state, stamp), folder = _state(), chosen.run.folder
    with chosen.generators.lock:
        config = chosen.sampler.config
    label = run_labels([chosen.run])[chosen.run.id]
    first = Shown(chosen.where, f"{label} · {chosen.moment.split('@')[0]}", run_look(chosen.run.id).color)
    found = latent_explorer(
        view,
        [first, *beside],
        state,
        key=f"latent-{view}",
        stamp=stamp,
        distribution=config.settings.latent_distribution,
        stations=[
            Station(at, placed.gallery.iteration) for at, placed in chosen.generators.milestones().items()
        ],
        kept={kind: [each.name for each in kept_latents.kept(folder, kind)] for kind in ("point", "direction")},
        has_gallery=recipe_of(config.preset).conditioned_on != "image",
    )
    _keep_state(found.state, stamp)
    if found.keep is None:
        return
    try:
        _keep(found.keep, chosen)
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun(scope="fragment")


def _keep(wish: Keep, chosen: Chosen) -> None:
    """Keep a z or a direction with the run, or let go of it."""
    folder = chosen.run.folder
    if wish.forget:
        kept_latents.forget(folder, wish.name, wish.kind)
    else:
        kept_latents.keep(folder, wish.name, wish.kind, _vector(wish, chosen), wish.source)


def _vector(wish: Keep, chosen: Chosen) -> Tensor:
    with chosen.generators.lock:
        if wish.kind == "direction":
            return direction_of(wish.of, chosen.where, chosen.generators, chosen.sampler)
        try:
            question = Question.model_validate(wish.question)
        except ValidationError as error:
            raise ConfigError(_("this z cannot be kept: {error}", error=error.errors()[0]["msg"])) from error
        vectors: Tensor = latents_of(question, question.where[0], chosen.generators)
        if len(vectors) != 1 or not torch.isfinite(vectors).all():
            raise ConfigError(_("this z cannot be kept: expected one, found {count}", count=len(vectors)))
        return vectors[0]


VIEWS: dict[str, tuple[str, Callable[[Chosen], None]]] = {
    "walk": (N_("Walk"), _walk),
    "directions": (N_("Directions"), _directions),
    "plane": (N_("Plane"), _plane),
    "time": (N_("Time"), _time),
}
"""Name in the address -> the tab's label and what draws it. A view is one line more."""

main()
