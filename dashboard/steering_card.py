"""Steering a run on its card: who trains, how fast, at which rates; each change is marked on its curves."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.faults import sentence
from gancore.errors import GanCoreError, RunError
from gancore.i18n import N_, _, again, reason_of
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.status import RunState, Status
from gancore.steering import Steering, Trains

SPEEDS: dict[str, float | None] = {N_("Slow"): 2.0, N_("Medium"): 10.0, N_("Full"): None}
"""Name -> iterations a second; None: as many as there can be."""
TRAINS: dict[Trains, str] = {"both": N_("Both"), "generator": N_("G alone"), "discriminator": N_("D alone")}
RATE_TITLES = {
    "generator": N_("Learning rate of G"),
    "discriminator": N_("Learning rate of D"),
    "critic": N_("Learning rate of the critic"),
    "both": N_("Learning rate"),
}
CRITIC_STEPS = N_("Critic steps")
PATIENCE_S = 10.0


def steering_card(run: Run, status: Status) -> None:
    """An expander on a live run's card; nothing for a run that cannot be steered from here."""
    if not run.is_mine or status.state is RunState.QUEUED:
        return
    with st.expander(_("Steer"), icon=":material/tune:", key=f"steer-{run.id}"):
        try:
            now = run.steering()
        except RunError:  # it has just ended; the card tells
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            _trains(run, now)
            speed_control(run, "steer-")
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
            for name, rate in now.learning_rates.items():
                _rate(run, name, rate)
            if now.critic_steps is not None:
                _critic_steps(run, now.critic_steps)
        if error := st.session_state.get(_error_key(run)):
            st.markdown(f":red[{sentence(again(error))}]")
        st.caption(
            _("Who trains, rates and critic steps hold from the next iteration on and are marked on the curves.")
        )


def speed_control(run: Run, prefix: str = "", labelled: bool = True) -> None:
    """Slow motion, for watching; the waits do not count as training time.

    Args:
        prefix: of the control's key, where a page has it beside another's.
        labelled: whether its name is seen, not only heard.
    """
    now = next((name for name, pace in SPEEDS.items() if pace == run.paced), None)
    key = _shown(f"{prefix}speed-{run.id}", now)
    st.segmented_control(
        _("Speed"),
        list(SPEEDS),
        format_func=_,
        key=key,
        required=True,
        label_visibility="visible" if labelled else "collapsed",
        on_change=lambda: _do(run, _pace, run, _chosen(key)),
    )


def _pace(run: Run, name: str | None) -> None:
    if name is not None:
        run.pace(SPEEDS[name])


def _trains(run: Run, now: Steering) -> None:
    key = _shown(f"trains-{run.id}", now.trains)
    st.segmented_control(
        _("Who trains"),
        list(TRAINS),
        format_func=lambda name: _(TRAINS[name]),
        key=key,
        required=True,
        help=_("For single steps too; the other player stays exactly as it is."),
        on_change=lambda: _do(run, run.steer, trains=_chosen(key), timeout_s=PATIENCE_S),
    )


def _rate(run: Run, name: str, rate: float) -> None:
    key = _shown(f"rate-{name}-{run.id}", f"{rate:g}")

    def change() -> None:
        _do(run, _set_rate, run, name, st.session_state[key])

    title = _(RATE_TITLES[name]) if name in RATE_TITLES else _("Learning rate of {name}", name=name)
    st.text_input(title, key=key, on_change=change, width=170)


def _set_rate(run: Run, name: str, text: str) -> None:
    try:
        rate = float(text)
    except ValueError as error:
        raise RunError(_("expected a learning rate such as 0.0002, found {text!r}", text=text)) from error
    run.steer(learning_rates={name: rate}, timeout_s=PATIENCE_S)


def _critic_steps(run: Run, steps: int) -> None:
    key = _shown(f"critic-steps-{run.id}", steps)
    title = recipe_of(run.config.preset).settings.model_fields["critic_steps"].title
    st.number_input(
        _(title or CRITIC_STEPS),
        1,
        step=1,
        key=key,
        width=150,
        on_change=lambda: _do(run, run.steer, critic_steps=st.session_state[key], timeout_s=PATIENCE_S),
    )


def _shown(key: str, value: Any) -> str:
    """The key of a control that follows ``value`` when that changes, as in another tab, and else is left alone.

    To set it at every refresh would undo a click made while one is under way.
    """
    if st.session_state.get(f"{key}.known") != value or _chosen(key) is None:
        st.session_state[key] = st.session_state[f"{key}.known"] = value
    return key


def _chosen(key: str) -> Any:
    """What a control says; None too where a browser sent its state before it had drawn what was chosen."""
    return st.session_state.get(key)


def _do(run: Run, action: Any, *args: Any, **kwargs: Any) -> None:
    """What a control asks for; what is wrong with it stays on the card until the next change."""
    st.session_state.pop(_error_key(run), None)
    try:
        action(*args, **kwargs)
    except GanCoreError as error:
        if run.is_mine:  # one that has ended meanwhile tells so itself
            st.session_state[_error_key(run)] = reason_of(error)


def _error_key(run: Run) -> str:
    return f"steer.error-{run.id}"
