"""All that trains and waits on the Train page: how far it is as a whole, what comes next, and in which order."""

from __future__ import annotations

import contextlib

import streamlit as st

from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.run_card import duration
from dashboard.run_colors import run_look
from dashboard.style import run_mark
from gancore.errors import RunError
from gancore.i18n import N_, _
from gancore.outlook import Outlook
from gancore.run import Run
from gancore.runs import MOST_RUNNING
from gancore.schedule import whole_percent

REFRESH_S = 2.0


def queue_card(busy: bool) -> None:
    """Draw the card while there is more than one run under way; it refreshes by itself.

    Args:
        busy: whether a run of this process trains or waits.
    """
    if busy:
        fragment(_card, run_every=REFRESH_S)()


def _card() -> None:
    outlook, waiting = manager().outlook(), manager().waiting()
    training = len(outlook.left_s) - len(waiting)
    if training + len(waiting) < 2:
        return
    with st.container(border=True, key="queue"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            parts = [
                _("{training} training, {waiting} waiting", training=training, waiting=len(waiting)),
                _("{percent} % of all", percent=whole_percent(outlook.done)),
            ]
            if outlook.all_left_s is not None:
                parts.append(_("about {duration} left", duration=duration(outlook.all_left_s)))
            with st.container(width="stretch"):
                st.progress(outlook.done, " · ".join(parts))
            _runs_at_once()
        for place, run in enumerate(waiting):
            _waiting_run(run, place, len(waiting), outlook)


def _runs_at_once() -> None:
    key = "runs-at-once"
    st.session_state[key] = manager().max_running

    def change() -> None:
        manager().max_running = st.session_state[key]

    st.number_input(
        _("Runs at once"),
        1,
        MOST_RUNNING,
        key=key,
        on_change=change,
        width=140,
        help=_("They share the cores: more at once are not quicker together, but grow side by side."),
    )


def _waiting_run(run: Run, place: int, count: int, outlook: Outlook) -> None:
    look, seconds = run_look(run.id), outlook.left_s.get(run.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"waiting-{run.id}"):
        parts = [run.config.preset, _("seed {seed}", seed=run.config.seed), run.config.plan.describe()]
        if seconds is not None:
            parts.append(_("takes about {duration}", duration=duration(seconds)))
        with st.container(width="stretch"):
            run_mark(f"{place + 1}. {' · '.join(parts)}", look.color, look.dash)
        with st.container(horizontal=True, gap="small", width="content"):
            for label, icon, target in (
                (N_("First"), "vertical_align_top", 0),
                (N_("Earlier"), "arrow_upward", place - 1),
                (N_("Later"), "arrow_downward", place + 1),
            ):
                st.button(
                    _("{action}: {run}", action=_(label), run=run.id),
                    key=f"{label}-{run.id}",
                    icon=f":material/{icon}:",
                    help=_(label),
                    disabled=not 0 <= target < count or target == place,
                    on_click=_move,
                    args=(run.id, target),
                )
            st.button(
                _("Take {run} out of the queue", run=run.id),
                key=f"withdraw-{run.id}",
                icon=":material/close:",
                help=_("Take it out of the queue"),
                on_click=_withdraw,
                args=(run,),
            )


def _move(run_id: str, place: int) -> None:
    with contextlib.suppress(RunError):  # its turn has just come
        manager().move(run_id, place)


def _withdraw(run: Run) -> None:
    with contextlib.suppress(RunError):
        run.stop()
