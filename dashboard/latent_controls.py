"""What is chosen on the latent-space page around its views: run, moment, condition, other runs; in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import address
from dashboard.engine import manager
from dashboard.latent_explorer import Shown, State
from dashboard.latent_explorer.chosen import Chosen
from dashboard.latent_explorer.generators import NOW, Generators, generators_of
from dashboard.latent_explorer.questions import Where
from dashboard.run_colors import run_look
from dashboard.run_names import class_title
from dashboard.run_picker import has_samples, pick_run, run_labels
from gancore.i18n import _
from gancore.run import Run
from gancore.sources import is_points

MOST_BESIDE = 5


def choose() -> Chosen | None:
    """Menus of the run, of what it is told, and of the moment; None while there is no run with images."""
    menu, moments = st.columns([3, 4], gap="medium")
    with menu:
        run = pick_run(wanted=lambda run: not is_points(run.config.data))
        condition = None if run is None else _condition(run)
    if run is None:
        return None
    generators = generators_of(run)
    there = [*generators.milestones(), *([NOW] if run.is_mine else [])]
    last = list(generators.milestones())[-1]
    key = f"latent.at.{run.id}"
    if (at := linked("at", there, unsaid=last)) is not None:
        st.session_state[key] = at
    if st.session_state.get(key) not in there:
        kept = st.session_state.get("latent.at")
        st.session_state[key] = kept if kept in there else last
    with moments, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        picked = st.segmented_control(
            _("Training progress"),
            there,
            format_func=lambda at: _("now") if at == NOW else at,
            required=True,
            key=key,
            persist_state="session",
        )
        moment = picked or there[-1]
        st.session_state["latent.at"] = moment
        address.write("at", [moment], unsaid=[last])
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
    key, given = f"latent.{kind}", linked("given", names, unsaid=names[0])
    if given is not None:
        st.session_state[key] = names.index(given)
    if st.session_state.get(key, 0) >= len(names):
        st.session_state[key] = 0
    titles = [class_title(name) for name in names]
    number = st.selectbox(label, range(len(names)), format_func=titles.__getitem__, key=key, persist_state="session")
    address.write("given", [names[number]], unsaid=names[:1])
    return number


def _now(run: Run, generators: Generators) -> str:
    """The live generator, copied when first asked for and when asked to again, so that a walk stays one walk."""
    fresh = st.button(_("Copy again"), icon=":material/refresh:", help=_("Take the generator as it is by now."))
    kept: tuple[str, str] | None = st.session_state.get("latent.now")
    if fresh or kept is None or kept[0] != run.id or not generators.has_copy(kept[1]):
        kept = (run.id, generators.snapshot())
        st.session_state["latent.now"] = kept
    st.caption(_("Copied at iteration {iteration:,}.", iteration=int(kept[1].split("@")[1])))
    return kept[1]


def linked(name: str, known: Sequence[str] | Mapping[str, str], unsaid: str) -> str | None:
    """What a followed link or a step back asks for, if it is known; ``unsaid``: what an address without it means."""
    news = address.asked(name)
    if not news:
        return None if news is None else unsaid
    asked = f"{news[-1]} %" if name == "at" and f"{news[-1]} %" in known else news[-1]
    return asked if asked in known else None


def read_state() -> tuple[State, int]:
    """What is set, and a number that is another once a followed link has set it."""
    query = {name: address.asked(name) for name in State.model_fields}
    state, stamp = st.session_state.get("latent.state", (None, 0))
    if state is None or any(values is not None for values in query.values()):
        state, stamp = State.read({name: values or [] for name, values in query.items()}), stamp + 1
    keep_state(state, stamp)
    return state, stamp


def keep_state(state: State, stamp: int) -> None:
    st.session_state["latent.state"] = (state, stamp)
    query = state.query()
    for name in State.model_fields:
        address.write(name, query.get(name, []))


def beside(chosen: Chosen) -> list[Shown]:
    """Other runs whose strips are drawn from the same z, each at the same percentage of its training."""
    runs = {
        run.id: run
        for run in manager().runs()
        if run.id != chosen.run.id and has_samples(run) and not is_points(run.config.data)
    }
    if not runs:
        return []
    labels, key = run_labels(list(runs.values())), "latent.beside"
    asked = address.asked("beside")
    if asked is not None:
        st.session_state[key] = asked
    st.session_state[key] = [name for name in st.session_state.get(key, []) if name in runs][:MOST_BESIDE]
    picked: list[str] = st.multiselect(
        _("Other runs beside it"),
        list(runs),
        format_func=labels.__getitem__,
        max_selections=MOST_BESIDE,
        key=key,
        persist_state="session",
        placeholder=_("The same z in up to {most} more runs", most=MOST_BESIDE),
    )
    address.write("beside", picked)
    shown = []
    for name in picked:
        there = generators_of(runs[name]).milestones()
        at = chosen.moment if chosen.moment in there else list(there)[-1]
        conditions = runs[name].folder.read_conditions()
        condition = None if conditions is None else min(chosen.condition or 0, len(conditions) - 1)
        where = Where(run=name, at=at, condition=condition)
        look = run_look(name)
        shown.append(Shown(where, f"{labels[name]} · {at}", look.color, look.dash))
    return shown
