"""Choose presets and data, change what you like, start, and watch."""

from __future__ import annotations

import os

import streamlit as st

from dashboard import controls
from dashboard.chart_options import chart_options
from dashboard.engine import FIRST_PRESET, manager
from dashboard.faults import fragment
from dashboard.first_visit import first_visit
from dashboard.preset_menu import choose_presets
from dashboard.run_card import run_card
from gancore import data
from gancore.config import RUN_FIELDS, RunConfig
from gancore.devices import available_devices
from gancore.errors import GanCoreError
from gancore.recipes import PRESETS, configure, recipe_of
from gancore.run import Run
from gancore.sources import SOURCES, fetch, is_local

FOLDER = "folder"
# Live runs are all shown; ended ones fill up to this many cards.
CARDS = 4
# Shared settings that stand beside the data set; the others are under "All settings".
IN_PANEL = ("plan", "seed")


def main() -> None:
    """The page."""
    first_visit()
    with st.container(border=True, key="new-run"):
        _new_run()
    runs = manager().runs()
    live = [run for run in runs if run.status().state.is_live]
    ended = [run for run in runs if run not in live][: max(0, CARDS - len(live))]
    shown = [run for run in runs if run in live or run in ended]
    if not shown:
        st.info("No runs yet: press Start. The bundled digits need no download.", icon=":material/play_circle:")
    else:
        options, _ = chart_options()
        in_row = min(2, len(shown))
        for start in range(0, len(shown), in_row):
            for column, run in zip(st.columns(in_row), shown[start : start + in_row], strict=False):
                with column:
                    run_card(run.id, options)
        if len(runs) > len(shown):
            st.page_link("views/runs.py", label=f"All {len(runs)} runs", icon=":material/list:")
    _watch(_fingerprint(runs))


def _new_run() -> None:
    presets = choose_presets(FIRST_PRESET)
    with st.container():  # always there, so that the fields below keep their place, and what is being typed into them
        for preset in (PRESETS[name] for name in presets):
            note = f" {preset.note}" if preset.note else ""
            st.caption(f"**{preset.name}** {preset.summary} :gray[From {preset.source}.]", help=note or None)
    source_column, plan_column, seed_column, start_column = st.columns([3, 2, 2, 2], vertical_alignment="top")
    with source_column:
        source = _choose_data()
    own_plans = " / ".join(dict.fromkeys(str(configure(name).plan) for name in presets)) or "30ep"
    shared = controls.Fields()
    with plan_column:
        plan = st.text_input(
            "Planned length",
            placeholder=own_plans,
            key="shared.plan",
            persist_state="session",
            help="Such as 30ep (epochs), 2000it (iterations), 60000img (images) or 60s; empty: the preset's own.",
        ).strip()
        shared.slots["plan"] = st.empty()
    with seed_column:
        seed = st.number_input("Seed", 0, 2**32 - 1, 0, key="shared.seed", persist_state="session")
        shared.slots["seed"] = st.empty()
    shared.values = {"seed": seed} | ({"plan": plan} if plan else {})
    own = _all_settings(presets, source or "digits", shared)
    configs = controls.validate(presets, shared, own, data=source) if source else {}
    with start_column:
        st.html('<div class="label-space"></div>')
        ready = bool(presets) and len(configs) == len(presets)
        label = "Start" if len(presets) < 2 else f"Start {len(presets)} runs"
        if st.button(
            label, type="primary", icon=":material/play_arrow:", disabled=not ready, key="start", width="stretch"
        ):
            st.session_state["start_error"] = _start(list(configs.values()))
    if error := st.session_state.get("start_error"):
        st.error(error, icon=":material/error:")
        if source != "digits":
            st.button("Use the bundled digits", on_click=_use_digits, key="use-digits")


def _choose_data() -> str:
    """The chosen data set's name or folder; empty while no folder is named."""

    def title(name: str) -> str:
        if name == FOLDER:
            return "A folder of images"
        source = SOURCES[name]
        return source.title if is_local(name) else f"{source.title} · {source.download_bytes / 1e6:.0f} MB download"

    names = [source.name for source in SOURCES.values() if source.kind == "images"]
    chosen = st.selectbox("Data set", [*names, FOLDER], format_func=title, key="data", persist_state="session")
    if chosen != FOLDER:
        return chosen
    entered = st.text_input("Folder", key="folder", persist_state="session", placeholder="/path/to/images").strip()
    if not entered:
        return ""
    # Not a Path, which raises for an unknown user's ~ or a name that is too long.
    if not os.path.isdir(os.path.expanduser(entered)):  # noqa: PTH111, PTH112
        st.markdown(f":red[There is no folder {entered} on the machine that runs the dashboard.]")
        return ""
    return entered


def _all_settings(presets: list[str], source: str, shared: controls.Fields) -> dict[str, controls.Fields]:
    with st.expander("All settings", icon=":material/tune:"):
        tabs = st.tabs(["Every run", *presets])
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
                    st.caption(PRESETS[preset].note)
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
                min(1.0, done / total), f"Downloading {configs[0].data}: {done / 1e6:.1f} of {total / 1e6:.1f} MB"
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
    st.session_state["data"] = "digits"
    st.session_state["start_error"] = ""


def _fingerprint(runs: list[Run]) -> tuple[tuple[str, bool], ...]:
    """Which runs there are and which of them are live."""
    return tuple((run.id, run.status().state.is_live) for run in runs)


@fragment(run_every=2.0)
def _watch(drawn: tuple[tuple[str, bool], ...]) -> None:
    """Draw the page anew when another tab or the command line starts or ends a run."""
    if _fingerprint(manager().runs()) != drawn:
        st.rerun()


main()
