"""The form that starts runs: presets, data, an equal budget for all of them, seeds, and every setting."""

from __future__ import annotations

import os

import streamlit as st

from dashboard import controls
from dashboard.engine import FIRST_PRESET, manager
from dashboard.faults import sentence
from dashboard.language import paragraph
from dashboard.preset_menu import choose_presets
from gancore import data
from gancore.config import RUN_FIELDS, RunConfig
from gancore.devices import available_devices
from gancore.errors import GanCoreError
from gancore.i18n import N_, _
from gancore.recipes import PRESETS, configure, recipe_of
from gancore.sources import SOURCES, fetch, is_local

FOLDER = "folder"
# Shared settings that stand beside the data set; the others are under "All settings".
IN_PANEL = ("plan", "seed")
OWN_LENGTH = N_("each preset's own")
BUDGETS: dict[str, tuple[str, float]] = {
    N_("epochs"): ("ep", 3.0),
    N_("images seen"): ("img", 100_000.0),
    N_("generator updates"): ("it", 1_000.0),
    N_("minutes"): ("min", 1.0),
}
"""What a budget counts -> its unit, and how much is offered at first."""
MOST_SEEDS = 10


def new_run() -> None:
    """Draw the form; Start fetches the data and starts one run for each preset and seed."""
    presets = choose_presets(FIRST_PRESET)
    with st.container():  # always there, so that the fields below keep their place, and what is being typed into them
        for preset in (PRESETS[name] for name in presets):
            origin = _(":gray[From {source}.]", source=_(preset.source))
            told = paragraph([f"**{preset.name}** {_(preset.summary)}", origin])
            st.caption(told, help=_(preset.note) or None)
    source_column, unit_column, amount_column, seed_column, count_column, start_column = st.columns(
        [3, 2.2, 1.8, 1.5, 1.5, 2], vertical_alignment="top"
    )
    with source_column:
        source = _choose_data()
    shared = controls.Fields()
    own_plans = " / ".join(dict.fromkeys(str(configure(name).plan) for name in presets))
    with unit_column:
        unit = st.selectbox(
            _("Budget"),
            [OWN_LENGTH, *BUDGETS],
            format_func=_,
            key="shared.unit",
            persist_state="session",
            help=_(
                "The same for every run that is started: passes through the data, real images trained on, updates of "
                "G, or minutes. Runs that train at once share the cores; for equal minutes let them train one after "
                "the other (Runs at once: 1)."
            ),
        )
    with amount_column:
        if unit == OWN_LENGTH:
            st.text_input(_("How many"), own_plans, disabled=True, key=f"shared.own.{own_plans}")
        else:
            short, offered = BUDGETS[unit]
            amount = st.number_input(
                _("How many"),
                min_value=0.01 if short in ("ep", "min") else 1.0,
                value=offered,
                step=1.0 if short in ("ep", "min") else offered / 10,
                format="%g",
                key=f"shared.amount.{short}",
                persist_state="session",
            )
            shared.values["plan"] = f"{amount:.12g}{short}"
        shared.slots["plan"] = st.empty()
    with seed_column:
        seed = st.number_input(_("Seed"), 0, 2**32 - 1, 0, key="shared.seed", persist_state="session")
        shared.slots["seed"] = st.empty()
    with count_column:
        seeds = st.number_input(
            _("Seeds"),
            1,
            MOST_SEEDS,
            1,
            key="shared.seeds",
            persist_state="session",
            help=_("So many runs of each preset, which differ by seed alone: how much is chance?"),
        )
    shared.values["seed"] = seed
    own = _all_settings(presets, source or "digits", shared)
    configs = controls.validate(presets, shared, own, data=source) if source else {}
    with start_column:
        st.html('<div class="label-space"></div>')
        ready = bool(presets) and len(configs) == len(presets)
        count = len(presets) * seeds
        label = _("Start") if count < 2 else _("Start {count} runs", count=count)
        if st.button(
            label, type="primary", icon=":material/play_arrow:", disabled=not ready, key="start", width="stretch"
        ):
            wanted = [
                config.model_copy(update={"seed": (seed + more) % 2**32})
                for more in range(seeds)
                for config in configs.values()
            ]
            st.session_state["start_error"] = _start(wanted)
            st.rerun()  # the first visit's steps, above, tell of the run too
    if error := st.session_state.get("start_error"):
        st.error(sentence(error), icon=":material/error:")
        if source != "digits":
            st.button(_("Use the bundled digits"), on_click=_use_digits, key="use-digits")


def _choose_data() -> str:
    """The chosen data set's name or folder; empty while no folder is named."""

    def title(name: str) -> str:
        if name == FOLDER:
            return _("A folder of images")
        source = SOURCES[name]
        if is_local(name):
            return _(source.title)
        return _("{data} · {size:.0f} MB download", data=_(source.title), size=source.download_bytes / 1e6)

    names = [source.name for source in SOURCES.values() if source.kind == "images"]
    chosen = st.selectbox(
        _("Data set"), [*names, FOLDER], format_func=title, key="train.data", persist_state="session"
    )
    if chosen != FOLDER:
        return chosen
    entered = st.text_input(
        _("Folder"), key="folder", persist_state="session", placeholder=_("/path/to/images")
    ).strip()
    if not entered:
        return ""
    # Not a Path, which raises for an unknown user's ~ or a name that is too long.
    if not os.path.isdir(os.path.expanduser(entered)):  # noqa: PTH111, PTH112
        st.markdown(_(":red[There is no folder {folder} on the machine that runs the dashboard.]", folder=entered))
        return ""
    return entered


def _all_settings(presets: list[str], source: str, shared: controls.Fields) -> dict[str, controls.Fields]:
    with st.expander(_("All settings"), icon=":material/tune:"):
        tabs = st.tabs([_("Every run"), *presets])
        with tabs[0]:
            names = [name for name in RUN_FIELDS if name not in (*IN_PANEL, "data")]
            fields = RunConfig.model_fields
            # What presets differ in starts empty, which leaves each its own.
            defaults = {n: fields[n].default for n in names if all(n not in PRESETS[p].run for p in presets)}
            drawn = controls.draw_fields(
                RunConfig, names, defaults, "shared", {"device": ["auto", *available_devices()]}
            )
            shared.values |= drawn.values
            shared.slots |= drawn.slots
        own = {}
        for tab, preset in zip(tabs[1:], presets, strict=True):
            with tab:
                model, settings = recipe_of(preset).settings, configure(preset, data=source).settings
                if PRESETS[preset].note:
                    st.caption(_(PRESETS[preset].note))
                # Other defaults, other fields: what a field shows is kept under its key.
                few = PRESETS[preset].few
                key = f"{preset}.few" if few and few.items() <= dict(settings).items() else preset
                own[preset] = controls.draw_fields(model, list(model.model_fields), dict(settings), key)
    return own


def _start(configs: list[RunConfig]) -> str:
    """Fetch the data and start the runs; returns what went wrong, in one sentence, or nothing."""
    try:
        bar = None
        for done, total in fetch(configs[0].data):
            bar = bar or st.progress(0.0)
            bar.progress(
                min(1.0, done / total),
                _(
                    "Downloading {data}: {done:.1f} of {total:.1f} MB",
                    data=configs[0].data,
                    done=done / 1e6,
                    total=total / 1e6,
                ),
            )
        for config in configs:
            # Bad data is said here, before there is a run; the training thread finds the set in memory.
            data.load(config.data, config.image_size, config.channels)
        for config in configs:
            manager().start(config)
    except GanCoreError as error:
        return str(error)
    return ""


def _use_digits() -> None:
    st.session_state["train.data"] = "digits"
    st.session_state["start_error"] = ""
