"""The tab that finds an image in a generator's latent space, and repairs an image with a hidden part."""

from __future__ import annotations

import itertools
from pathlib import Path

import streamlit as st
from torch import Tensor

from dashboard import address
from dashboard.faults import fragment, sentence
from dashboard.image_story import STYLE as STORY_STYLE
from dashboard.image_story import nearest_images
from dashboard.inversion_job import Job, Standing, Task
from dashboard.inversion_pictures import curve, tiles
from dashboard.inversion_targets import choose_target
from dashboard.language import paragraph
from dashboard.latent_explorer.pictures import difference, single_png
from dashboard.latent_link import LATENT_PAGE
from dashboard.mask_painter import mask_painter
from dashboard.run_names import class_title
from gancore.i18n import _, again
from gancore.inversion import REPORT_EVERY, Found, Plan
from gancore.kept_latents import keep, kept
from gancore.networks import ImageShape
from gancore.repair import covered
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sampling import placed_milestones

STYLE = Path(__file__).with_suffix(".css")
REFRESH_S = 0.5
STOP_S = 5.0
JOB = "inversion.job"


@fragment
def inversion_view(run: Run, sampler: Sampler, condition: int | None, moment: str) -> None:
    """The whole tab.

    Args:
        run: the generator's.
        sampler: whose weights stay as they are, used by this visitor alone: a :meth:`Sampler.copy`.
        condition: number of what a conditional generator is told elsewhere on the page.
        moment: what the generator's moment is called.
    """
    st.html(STYLE)
    st.html(STORY_STYLE)
    if not isinstance(sampler.shape, ImageShape):
        st.info(_("This run was trained on points; there is no image to find."), icon=":material/info:")
        return
    job: Job | None = st.session_state.get(JOB)
    # What was found belongs to the weights it was found with.
    if job is not None and (job.task.run.id, job.task.moment) != (run.id, moment):
        job.stop()
        job = st.session_state[JOB] = None
    live = job is not None and job.standing.is_live
    left, right = st.columns([2, 3], gap="large")
    with left:
        task = _ask(run, sampler, condition, moment, live=live)
    with right:
        if job is None:
            _explain(task is not None)
        else:
            fragment(_standing, run_every=REFRESH_S if live else None)(job, live)


def _ask(run: Run, sampler: Sampler, condition: int | None, moment: str, *, live: bool) -> Task | None:
    """What to look for, and the buttons that start and stop the search."""
    if not isinstance(sampler.shape, ImageShape):
        return None
    chosen = choose_target(sampler, sampler.shape, condition)
    if chosen is None:
        return None
    st.caption(_("{source}; paint over what is to be repaired", source=chosen.source))
    hidden = mask_painter(chosen.image, "inversion-mask", disabled=live)
    masked, complete = bool(hidden.any()), bool(hidden.all())
    if complete:
        st.warning(_("The whole image is hidden; leave a part of it."), icon=":material/warning:")
    tried: int | None = None
    if condition is not None:
        name = class_title(sampler.condition_names[condition])
        is_image = sampler.conditions is not None and sampler.conditions.ndim > 1
        label = _("Try each source image") if is_image else _("Try each class")
        each = st.toggle(label, value=True, key="inversion.each", persist_state="session")
        tried = None if each else condition
        if not each:
            st.caption(_("Only {name}, which is chosen above, is tried.", name=name))
    with st.expander(_("Settings"), icon=":material/tune:"):
        steps = st.number_input(_("Steps"), 10, 5000, 300, step=50, key="inversion.steps", persist_state="session")
        seed = st.number_input(
            _("Seed of the search"), 0, 2**31 - 1, 0, key="inversion.seed", persist_state="session"
        )
    task = Task(
        run=run, sampler=sampler, moment=moment, target=chosen.image, hidden=hidden if masked else None,
        condition=tried, seed=int(seed), plan=Plan(steps=int(steps)), source=chosen.source,
        judged=_is_last(run, moment),
    )  # fmt: skip
    with st.container(horizontal=True):
        st.button(
            _("Repair") if masked else _("Find"),
            type="primary",
            icon=":material/healing:" if masked else ":material/travel_explore:",
            key="inversion-start",
            disabled=live or complete,
            on_click=_start,
            args=(task,),
        )
        if live:
            st.button(_("Stop"), icon=":material/stop:", key="inversion-stop", on_click=_stop)
    return task


def _is_last(run: Run, moment: str) -> bool:
    """Whether a moment's generator is the one that the last checkpoint's discriminator played against."""
    placed = placed_milestones(run)
    return bool(placed) and moment == f"{placed[-1].percent:g} %"


def _start(task: Task) -> None:
    """One search a visitor: the one before ends first."""
    _stop()
    st.session_state.pop("inversion.candidate", None)
    st.session_state[JOB] = Job(task)


def _stop() -> None:
    job: Job | None = st.session_state.get(JOB)
    if job is not None:
        job.stop()
        job.wait(STOP_S)


def _explain(ready: bool) -> None:
    text = _(
        "The search draws many z, takes those whose images are nearest, and moves each until its image is as near as "
        "it can come. The error that stays is what this generator cannot make. Where a part is painted over, only "
        "the rest counts, and the generator fills in what fits."
    )
    st.info(text if ready else _("Choose an image first."), icon=":material/travel_explore:")


def _standing(job: Job, live: bool) -> None:
    """How far the search is, and what it has found."""
    now = job.standing
    if live and not now.is_live:
        st.rerun()  # which stops the refreshing
    if now.state == "failed":
        st.error(sentence(again(now.message)), icon=":material/error:")
        return
    steps = job.task.plan.steps
    if now.is_live:
        done = _doing(now, steps)
        st.progress(min(1.0, now.step / steps), text=done)
    elif now.state == "stopped":
        st.caption(_("Stopped at step {step} of {steps}.", step=now.step, steps=steps))
    st.html(curve(now.errors, steps // REPORT_EVERY + 1))
    if not now.found:
        return
    if now.state == "searching":
        st.html(tiles([(job.task.target, _("target")), (now.found[0].image, _("best so far"))]))
        st.html(tiles([(each.image, f"{each.error:.3f}") for each in now.found], "small"))
        return
    _result(job, now)


def _doing(now: Standing, steps: int) -> str:
    if now.state == "waiting":
        return _("Waiting for another visitor's search")
    if now.state == "comparing":
        return _("Found; now looking for images of the data in the same way, to compare the error with")
    if not now.errors:
        return _("Drawing z")
    return _("Step {step} of {steps}, error {error:.3f}", step=now.step, steps=steps, error=now.errors[-1])


def _result(job: Job, now: Standing) -> None:
    task, found = job.task, now.found
    number = 0
    if len(found) > 1:
        number = st.segmented_control(
            _("Candidates"),
            list(range(len(found))),
            format_func=lambda place: f"{place + 1} · {found[place].error:.3f}",
            default=0,
            required=True,
            key="inversion.candidate",
        )
        number = min(number, len(found) - 1)
        st.html(tiles([(_shown(task, each), str(place + 1)) for place, each in enumerate(found)], "small", number))
    best = found[number]
    pictures = [
        (task.target if task.hidden is None else covered(task.target, task.hidden), _("target")),
        (best.image, _("found")),
        (difference(best.image, task.target), _("difference: orange brighter, blue darker")),
    ]
    if task.hidden is not None:
        pictures.append((best.blended, _("blended: found where hidden")))
    st.html(tiles(pictures))
    st.markdown(_words(job, now, best))
    _keep_and_download(task, best, number)
    if now.state != "comparing":
        st.markdown(_("**Training images nearest to it**"))
        nearest_images(task.run, best.image)


def _shown(task: Task, found: Found) -> Tensor:
    return found.image if task.hidden is None else found.blended


def _words(job: Job, now: Standing, best: Found) -> str:
    """The errors, and what to hold them against."""
    task = job.task
    lines: list[str] = [
        _(
            "**Error {error:.3f}**: the root mean square difference of the visible pixels, from 0 to 1. The best of "
            "the drawn z had {drawn:.3f}.",
            error=best.error,
            drawn=now.errors[0],
        )
    ]
    if now.typical is not None:
        lines.append(
            _(
                "A typical image of the data, searched for from fewer z, comes to {error:.3f}.",
                error=now.typical.error,
            )
        )
    elif now.message:
        lines.append(_("What images of the data come to is not known: {reason}.", reason=again(now.message)))
    if best.hidden_error is not None:
        lines.append(_("In the hidden part, which the search did not see: {error:.3f}.", error=best.hidden_error))
        if now.typical is not None and now.typical.hidden_error is not None:
            lines.append(_("Typical there: {error:.3f}.", error=now.typical.hidden_error))
        lines.append(_("Several fillings may be right; an error there is no fault by itself."))
        if now.judge_message:
            lines.append(_("The discriminator had no say: {reason}.", reason=again(now.judge_message).rstrip(".")))
    if best.condition is not None:
        lines.append(_("Made as {name}.", name=class_title(task.sampler.condition_names[best.condition])))
    return paragraph(lines)


def _keep_and_download(task: Task, best: Found, number: int) -> None:
    texts = {"Run": task.run.id, "Moment": task.moment, "Error": f"{best.error:.4f}", "Target": str(task.source)}
    name = f"{task.run.id}-found-{number + 1}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        taken = {each.name for each in kept(task.run.folder, "point")}
        names = (str(_("found {number}", number=tried)) for tried in itertools.count(number + 1))
        free = next(name for name in names if name not in taken)
        kept_as = st.text_input(_("Name"), free, max_chars=80, key=f"inversion.name.{number}.{free}")
        edit = st.button(
            _("Edit from here"),
            icon=":material/edit:",
            key="inversion-edit",
            disabled=not kept_as.strip(),
            help=_("Keeps the z with the run under this name, and opens it in the explorer."),
        )
        pictures = [("found", _("Found (PNG)"), best.image)]
        if task.hidden is not None:
            pictures.append(("blended", _("Blended (PNG)"), best.blended))
        for kind, label, image in pictures:
            st.download_button(
                label,
                single_png(image, **texts),
                f"{name}-{kind}.png",
                "image/png",
                icon=":material/download:",
                key=f"inversion-download-{kind}",
                on_click="ignore",
            )
    if edit:
        source = _("found for {source}, error {error:.3f}", source=task.source, error=best.error)
        keep(task.run.folder, kept_as, "point", best.z, str(source))
        query = {
            "run": task.run.id,
            "at": task.moment.split("@")[0],
            "view": "directions",
            "z": f"kept:{kept_as.strip()}",
        }
        if best.condition is not None:
            query["given"] = task.sampler.condition_names[best.condition]
        address.forget()
        st.switch_page(LATENT_PAGE, query_params=query)
