"""Branching a run: continue from one of its checkpoints with something changed, as a new run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import controls
from dashboard.engine import manager
from dashboard.faults import sentence
from gancore.errors import ConfigError, GanCoreError
from gancore.i18n import _
from gancore.recipes import recipe_of
from gancore.run import Run

TRAIN_PAGE = Path(__file__).parent / "views" / "train.py"
_CHOSEN, _ERROR, _OPENED = "branch.run", "branch.error", "branch.opened"
# The button stands below a card's charts and galleries, the panel above all cards.
_INTO_VIEW = """<script>
document.querySelector(".st-key-branch-panel")?.scrollIntoView({ block: "center" });
</script>"""


def branch_button(run: Run) -> None:
    """A button that opens the panel on the Train page, from whichever page it stands on."""
    if not run.folder.checkpoints():
        return
    pressed = st.button(
        _("Branch"),
        key=f"branch-{run.id}",
        icon=":material/fork_right:",
        help=_("Continue from one of its checkpoints with something changed, as a new run."),
    )
    if pressed:
        st.session_state[_CHOSEN] = run.id
        st.session_state[_OPENED] = True
        st.session_state.pop(_ERROR, None)
        st.switch_page(TRAIN_PAGE)


def branch_panel() -> None:
    """The panel of the run that was chosen, until it is started or closed."""
    run_id = st.session_state.get(_CHOSEN)
    if run_id is None:
        return
    try:
        run = manager().get(run_id)
        points = {point.iteration: point for point in run.branch_points()}
    except GanCoreError:  # deleted meanwhile
        del st.session_state[_CHOSEN]
        return
    config = run.config
    with st.container(border=True, key="branch-panel"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_("#### Branch from {run}", run=run.id), width="stretch")
            st.button(_("Close"), icon=":material/close:", type="tertiary", key="branch-close", on_click=_close)
        st.caption(_("A new run that begins as a copy; on the Compare page its curves leave those of this one."))
        start_column, plan_column, seed_column, button_column = st.columns([3, 2, 2, 2], vertical_alignment="top")
        with start_column:
            iteration = st.selectbox(
                _("Continue from"),
                list(points),
                index=len(points) - 1,
                format_func=lambda number: _(
                    "{percent} % · iteration {iteration:,}", percent=points[number].percent, iteration=number
                ),
                key=f"branch.point.{run.id}",
            )
        shared = controls.Fields()
        with plan_column:
            plan = st.text_input(
                _("Planned length"),
                str(config.plan),
                key=f"branch.plan.{run.id}",
                help=_("Of the whole, what was trained before included: 30ep, 2000it, 60000img or 60s."),
            )
            shared.slots["plan"] = st.empty()
        with seed_column:
            seed = st.number_input(_("Seed"), 0, 2**32 - 1, config.seed, key=f"branch.seed.{run.id}")
            shared.slots["seed"] = st.empty()
        model = recipe_of(config.preset).settings
        own = controls.draw_fields(
            model, list(model.model_fields), dict(config.settings), f"branch.{run.id}.{config.preset}"
        )
        changed = own.values | ({"plan": plan} if plan != str(config.plan) else {})
        changed |= {"seed": seed} if seed != config.seed else {}
        if error := st.session_state.get(_ERROR):
            _show(error, shared, own)
        with button_column:
            st.html('<div class="label-space"></div>')
            # No callback: its arguments would be from before what was typed last.
            if st.button(
                _("Start branch"), type="primary", icon=":material/play_arrow:", key="branch-start", width="stretch"
            ):
                _start(run.id, iteration, changed)
                st.rerun()
        if st.session_state.pop(_OPENED, False):
            st.html(_INTO_VIEW, unsafe_allow_javascript=True)


def _show(error: GanCoreError, shared: controls.Fields, own: controls.Fields) -> None:
    fields = error.fields if isinstance(error, ConfigError) else {}
    rest = own.show_errors(shared.show_errors(fields))
    if rest or not fields:
        st.error(sentence(error), icon=":material/error:")


def _start(run_id: str, iteration: int, changed: dict[str, object]) -> None:
    try:
        manager().branch(run_id, iteration, **changed)
    except GanCoreError as error:
        st.session_state[_ERROR] = error
    else:
        _close()


def _close() -> None:
    for key in (_CHOSEN, _ERROR):
        st.session_state.pop(key, None)
