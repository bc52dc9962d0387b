"""GANs in the plane, where everything about them can be drawn: choose or draw points, start, and watch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard import controls
from dashboard.drawings import drawings, save_file, save_points
from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.plane_card import data_title, plane_card
from dashboard.plane_view import LAYERS
from dashboard.plane_view.board import drawing_board
from dashboard.run_picker import pick_runs
from gancore import data
from gancore.config import RunConfig
from gancore.errors import GanCoreError
from gancore.i18n import _, again, reason_of
from gancore.recipes import PRESETS, configure, recipe_of
from gancore.run import Run
from gancore.sources import SOURCES, is_points

DRAW = "draw"
FIRST_PRESET = "ns-gan"
PLAN = "5000it"
MOST_RUNS = 4
# Shown at first, besides those that are live.
AT_FIRST = 2
LAYERS_AT_FIRST = ("field", "real", "fake", "modes")


def main() -> None:
    """The page."""
    with st.container(border=True, key="new-plane-run"):
        _new_run()
    runs = {run.id: run for run in manager().runs() if is_points(run.config.data)}
    listed = _fingerprint(list(runs.values()))
    if not runs:
        st.info(_("Nothing in the plane yet: press Start. No download is needed."), icon=":material/play_circle:")
    else:
        run_column, layer_column = st.columns(2, gap="medium")
        with run_column:
            live = [run_id for run_id, run in runs.items() if run.status().state.is_live]
            chosen = pick_runs(list(runs), "plane.runs", live or list(runs)[:AT_FIRST], MOST_RUNS)
        with layer_column:
            layers = _choose_layers()
        if not chosen:
            st.info(_("Choose up to {count} runs above.", count=MOST_RUNS), icon=":material/arrow_upward:")
        in_row = min(2, max(1, len(chosen)))
        for start in range(0, len(chosen), in_row):
            for column, run_id in zip(st.columns(in_row), chosen[start : start + in_row], strict=False):
                with column:
                    plane_card(run_id, layers, alone=in_row == 1)
    _watch(listed)


def _new_run() -> None:
    data_column, preset_column = st.columns([2, 3], gap="medium")
    with data_column:
        source = _choose_data()
    with preset_column:
        presets = _choose_presets()
    with st.container():  # always there, so that what follows keeps its place on the page
        if source == DRAW:
            _draw_points()
    plan_column, seed_column, start_column = st.columns(3, vertical_alignment="top")
    shared = controls.Fields()
    with plan_column:
        plan = st.text_input(
            _("Planned length"),
            PLAN,
            key="plane.plan",
            persist_state="session",
            help=_("Such as 5000it (iterations), 10ep (epochs) or 60s."),
        ).strip()
        shared.slots["plan"] = st.empty()
    with seed_column:
        seed = st.number_input(_("Seed"), 0, 2**32 - 1, 0, key="plane.seed", persist_state="session")
        shared.slots["seed"] = st.empty()
    shared.values = {"plan": plan or PLAN, "seed": seed}
    own = _settings(presets)
    drawn = source != DRAW
    configs = controls.validate(presets, shared, own, data=source) if drawn else {}
    with start_column:
        st.html('<div class="label-space"></div>')
        label = _("Start") if len(presets) < 2 else _("Start {count} runs", count=len(presets))
        ready = bool(presets) and len(configs) == len(presets)
        if st.button(
            label,
            type="primary",
            icon=":material/play_arrow:",
            disabled=not ready,
            key="plane-start",
            width="stretch",
        ):
            _start(list(configs.values()))
    if error := st.session_state.get("plane.error"):
        st.error(again(error), icon=":material/error:")


def _choose_data() -> str:
    """The chosen data set's name or file, or ``DRAW``."""
    options = [*(name for name in SOURCES if is_points(name)), *map(str, drawings()), DRAW]
    saved = st.session_state.pop("plane.saved", st.session_state.get("plane.data"))
    # A drawing whose file is gone is not offered any more.
    st.session_state["plane.data"] = saved if saved in options else options[0]
    chosen = st.pills(
        _("Data"),
        options,
        format_func=lambda name: _(":material/draw: Draw your own") if name == DRAW else data_title(name),
        required=True,
        wrap=True,
        key="plane.data",
        persist_state="session",
    )
    return str(chosen)


def _choose_presets() -> list[str]:
    able = [name for name in PRESETS if recipe_of(name).points is not None]
    chosen = st.pills(
        _("Presets"),
        able,
        selection_mode="multi",
        default=[FIRST_PRESET if FIRST_PRESET in able else able[0]],
        wrap=True,
        key="plane.presets",
        persist_state="session",
        help=_("Choose two to see them side by side; at most {count}.", count=MOST_RUNS),
    )
    presets = [name for name in able if name in chosen][:MOST_RUNS]
    if presets:
        notes = "\n\n".join(f"**{name}** {_(PRESETS[name].note)}" for name in presets if PRESETS[name].note)
        st.caption("  \n".join(f"**{name}** {_(PRESETS[name].summary)}" for name in presets), help=notes or None)
    return presets


def _draw_points() -> None:
    board_column, beside = st.columns([2, 3], gap="medium")
    with board_column:
        points = drawing_board("plane-board")
    with beside:
        name = st.text_input(_("Name"), "drawing", max_chars=40, key="plane.name", persist_state="session")
        if st.button(_("Use these points"), icon=":material/check:", disabled=not len(points), key="plane-save"):
            _store(lambda: save_points(name, points))
        uploaded = st.file_uploader(
            _("Or a file of points"),
            type="csv",
            key="plane.upload",
            help=_("Two numbers a line, separated by a comma."),
        )
        if uploaded is not None and st.button(_("Use this file"), icon=":material/check:", key="plane-upload"):
            _store(lambda: save_file(uploaded.name, uploaded.getvalue()))


def _store(save: Callable[[], Path]) -> None:
    """Make a data set and choose it."""
    try:
        st.session_state["plane.saved"] = str(save())
        st.session_state["plane.error"] = ""
    except GanCoreError as error:
        st.session_state["plane.error"] = reason_of(error)
    st.rerun()


def _settings(presets: list[str]) -> dict[str, controls.Fields]:
    if not presets:
        return {}
    with st.expander(_("All settings"), icon=":material/tune:"):
        own = {}
        for tab, preset in zip(st.tabs(presets), presets, strict=True):
            with tab:
                model, settings = recipe_of(preset).settings, configure(preset, data="ring").settings
                own[preset] = controls.draw_fields(model, list(model.model_fields), dict(settings), f"plane.{preset}")
    return own


def _start(configs: list[RunConfig]) -> None:
    try:
        data.load(configs[0].data)  # bad data are said here, before there is a run
        started = [manager().start(config).id for config in configs]
    except GanCoreError as error:
        st.session_state["plane.error"] = reason_of(error)
    else:
        st.session_state["plane.error"] = ""
        st.session_state["plane.runs"] = started
    st.rerun()


def _choose_layers() -> list[str]:
    return st.pills(
        _("Show"),
        list(LAYERS),
        format_func=lambda layer: _(LAYERS[layer]),
        selection_mode="multi",
        default=list(LAYERS_AT_FIRST),
        wrap=True,
        key="plane.layers",
        persist_state="session",
        help=_(
            "Manifold: where the generator puts a grid of z whose cells are all as likely; the darker, the more "
            "samples. Gradients: which way the discriminator pushes samples."
        ),
    )


def _fingerprint(runs: list[Run]) -> tuple[tuple[str, bool], ...]:
    return tuple((run.id, run.status().state.is_live) for run in runs)


@fragment(run_every=2.0)
def _watch(drawn: tuple[tuple[str, bool], ...]) -> None:
    """Draw the page anew when another tab or the command line starts or ends a run."""
    if _fingerprint([run for run in manager().runs() if is_points(run.config.data)]) != drawn:
        st.rerun()


main()
