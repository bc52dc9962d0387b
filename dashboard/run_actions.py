"""What can be done with an ended run: start it again, train it longer, take room back, delete it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from dashboard.engine import manager
from dashboard.faults import sentence
from dashboard.run_facts import longer_plan
from dashboard.run_names import display_name, given_name, in_markdown
from gancore import data, trash
from gancore.config import Length, RunConfig
from gancore.disk_use import disk_use, reclaim, size_text
from gancore.errors import GanCoreError
from gancore.evaluate.evaluate import variant_of
from gancore.i18n import _, ngettext
from gancore.library import can_change
from gancore.run import Run
from gancore.status import RunState
from gancore.upload import uploaded

TRAIN_PAGE = Path(__file__).parent / "views" / "train.py"
_ERROR, _DELETED, _STARTED = "run-actions.error", "run-actions.deleted", "run-actions.started"


def run_actions(run: Run) -> None:
    """One row of buttons; a live run can only be started again, and of a shipped one what was added deleted."""
    state, ours = run.status().state, can_change(run)
    if st.session_state.pop(_STARTED, False):
        st.switch_page(TRAIN_PAGE)
    longer = ours and state is RunState.FINISHED and uploaded(run.folder) is None
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="run-actions"):
        _again(run)
        if longer:
            text = st.text_input(
                _("Train longer"),
                value="+5ep",
                key=f"longer-{run.id}",
                width=130,
                help=_("How much more: +5ep (epochs), 500it (iterations), 60000img (images) or 60s."),
            )
            pressed = st.button(_("Train longer"), key=f"train-longer-{run.id}", icon=":material/fast_forward:")
        if manager().can_delete(run) and not state.is_live:
            _delete_button(run)
    if longer:
        _train_longer(run, text, pressed)
    if error := st.session_state.pop(_ERROR, None):
        st.error(error, icon=":material/error:")


def deleted_notice(choose: Callable[[str], None]) -> None:
    """The run that was just deleted, with a way back at once.

    Args:
        choose: has the page show a run.
    """
    deleted = st.session_state.get(_DELETED)
    if deleted is None or not any(each.id == deleted[0] for each in trash.trashed(manager().root)):
        st.session_state.pop(_DELETED, None)
        return
    run_id, name = deleted
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="deleted"):
        told = (
            _(":material/delete: What was added to **{name}** is in the trash.", name=in_markdown(name))
            if _stays(run_id)
            else _(":material/delete: **{name}** is in the trash.", name=in_markdown(name))
        )
        st.markdown(told, width="stretch")
        st.button(_("Undo"), key="undo-delete", icon=":material/undo:", on_click=_undo, args=(run_id, choose))
        st.button(
            _("Close"),
            key="close-deleted",
            icon=":material/close:",
            type="tertiary",
            on_click=st.session_state.pop,
            args=(_DELETED,),
        )


def disk_row(run: Run) -> None:
    """How much room a run takes, and a button that takes back what its older checkpoints do."""
    use = disk_use(run.folder)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="disk"):
        st.markdown(_("**Disk** {size}", size=size_text(use.total)), width="content")
        if not use.reclaimable or run.status().state.is_live or not can_change(run):
            return
        st.caption(
            ngettext(
                "{size} of it for {count} older checkpoint, needed to branch from earlier points only.",
                "{size} of it for {count} older checkpoints, needed to branch from earlier points only.",
                use.checkpoints,
                size=size_text(use.reclaimable),
            ),
            width="stretch",
        )
        with st.popover(_("Take room back"), icon=":material/mop:"):
            st.markdown(
                _(
                    "Remove all checkpoints of this run but the newest? Curves, galleries and the samples of every "
                    "milestone stay; the run can be resumed, and branched from its end. There is no way back."
                )
            )
            st.button(
                _("Remove them, {size}", size=size_text(use.reclaimable)),
                type="primary",
                key=f"reclaim-{run.id}",
                on_click=_reclaim,
                args=(run,),
            )


def _again(run: Run) -> None:
    for label, key, another in ((_("Start again"), "again", False), (_("With another seed"), "another-seed", True)):
        st.button(
            label,
            key=f"{key}-{run.id}",
            icon=":material/casino:" if another else ":material/replay:",
            on_click=_start_again,
            args=(run, another),
            help=_("A new run with the same settings and a seed that no run like it has.")
            if another
            else _("A new run with the same settings and the same seed."),
        )


def _start_again(run: Run, another_seed: bool) -> None:
    try:
        config = run.config
        if another_seed:
            config = config.model_copy(update={"seed": _free_seed(config)})
        # Bad data is said here, before there is a run.
        data.load(config.data, config.image_size, config.channels)
        manager().start(config)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    else:
        st.session_state[_STARTED] = True


def _free_seed(config: RunConfig) -> int:
    variant = variant_of(config)
    taken = {run.config.seed for run in manager().runs() if variant_of(run.config) == variant}
    return next(seed for seed in range(config.seed + 1, config.seed + 2 + len(taken)) if seed not in taken) % 2**32


def _delete_button(run: Run) -> None:
    if stays := _stays(run.id):
        question = _(
            "Move what was added to this run to the trash, such as measurements, named latents and answers? The run "
            "itself ships with GANscope and stays, as it came. What was added can be brought back until the trash is "
            "emptied."
        )
    else:
        question = _(
            "Move this run to the trash, with its curves, pictures and weights? It can be brought back until the "
            "trash is emptied."
        )
    with st.popover(_("Delete what was added") if stays else _("Delete"), icon=":material/delete:"):
        st.markdown(question)
        st.caption(in_markdown(f"{display_name(run)} · {run.id}"))
        st.button(_("Move to trash"), type="primary", key=f"delete-{run.id}", on_click=_delete, args=(run,))


def _stays(run_id: str) -> bool:
    """Whether a run of this id is still there when its folder is deleted: one on the shelf."""
    return run_id in manager().shipped_ids()


def _train_longer(run: Run, text: str, pressed: bool) -> None:
    try:
        plan = longer_plan(run.status(), text)
    except ValueError as error:
        st.markdown(f":red[{in_markdown(sentence(error).removesuffix('.'))}]")
        return
    length = Length(round(plan.amount, 2), plan.unit).describe()
    st.caption(_("Train longer: {length} in all.", length=length))
    if not pressed:
        return
    try:
        manager().resume(run.id, plan)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    st.rerun()


def _delete(run: Run) -> None:
    name = given_name(run) or run.id
    try:
        manager().delete(run.id)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    else:
        st.session_state[_DELETED] = (run.id, name)


def _undo(run_id: str, choose: Callable[[str], None]) -> None:
    st.session_state.pop(_DELETED, None)
    try:
        trash.restore(manager().root, run_id)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    else:
        choose(run_id)


def _reclaim(run: Run) -> None:
    try:
        freed = reclaim(run.folder)
    except GanCoreError as error:
        st.session_state[_ERROR] = sentence(error)
    else:
        st.toast(_("{size} freed.", size=size_text(freed)))
