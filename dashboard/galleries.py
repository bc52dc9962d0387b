"""Sample galleries on a page: the five milestones, and the film of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
import torch

from dashboard.style import to_come
from gancore import images
from gancore.checkpoint import Gallery
from gancore.errors import CheckpointError
from gancore.i18n import _
from gancore.run import Run
from gancore.schedule import MILESTONES

DISPLAY_PIXELS = 460
"""Pictures are enlarged pixel by pixel to about this size, so that 28x28 digits stay crisp."""


@st.cache_data(max_entries=512, show_spinner=False)
def _enlarged(path: str, version: int) -> bytes:
    """A stored grid as a larger PNG; ``version`` is the file's time, so a file made anew is read anew."""
    picture = images.read_png(path)
    return images.png(picture, scale=max(1, round(DISPLAY_PIXELS / picture.shape[-1])))


def gallery_png(run: Run, gallery: Gallery) -> bytes:
    """A gallery's picture, enlarged for display.

    Raises:
        CheckpointError: when its file is missing or damaged.
    """
    path = run.folder.path / gallery.image
    try:
        return _enlarged(str(path), path.stat().st_mtime_ns)
    except OSError as error:
        raise CheckpointError(_("{file} is missing or cannot be read as an image", file=path)) from error


def caption(gallery: Gallery) -> str:
    """``25 % · iteration 352``."""
    if gallery.percent is None:
        return _("iteration {iteration:,}", iteration=gallery.iteration)
    return _("{percent} % · iteration {iteration:,}", percent=gallery.percent, iteration=gallery.iteration)


def milestone_row(run: Run, galleries: Sequence[Gallery]) -> None:
    """The milestones side by side, three to a row on a phone.

    A live run has a frame for each that is still to come; an ended one shows where it ended.
    """
    live = run.status().state.is_live
    kept = [gallery for gallery in galleries if gallery.percent is not None]
    shown = [gallery for gallery in kept if gallery.percent in MILESTONES or (gallery is kept[-1] and not live)]
    with st.container(key=f"milestones-{run.id}"):
        for gallery in shown:
            alt = _("Samples of {run} at {moment}", run=run.id, moment=caption(gallery))
            st.image(gallery_png(run, gallery), caption=gallery.label, width="stretch", alt=alt)
        reached = max((gallery.percent or 0 for gallery in kept), default=-1)
        for percent in MILESTONES:
            if live and percent > reached:
                to_come(f"{percent} %")


def film(run: Run, galleries: Sequence[Gallery]) -> None:
    """Every gallery under a slider, and all of them as an animation; nothing while there are only milestones."""
    if all(gallery.percent is not None for gallery in galleries) or len(galleries) < 2:
        return
    with st.expander(_("Film of {count} galleries", count=len(galleries)), icon=":material/movie:"):
        iterations = [gallery.iteration for gallery in galleries]
        chosen = st.select_slider(
            _("Iteration"), iterations, value=iterations[-1], key=f"film-{run.id}", persist_state="session"
        )
        gallery = next(gallery for gallery in galleries if gallery.iteration == chosen)
        st.image(gallery_png(run, gallery), caption=caption(gallery), width=DISPLAY_PIXELS)
        # Not while it refreshes: Streamlit drops a file made on request at the second rerun after it.
        if not run.status().state.is_live:
            st.download_button(
                _("Download as GIF"),
                lambda: animation(run, galleries),
                file_name=f"{run.id}.gif",
                mime="image/gif",
                key=f"gif-{run.id}",
                icon=":material/download:",
                on_click="ignore",
            )


def animation(run: Run, galleries: Sequence[Gallery]) -> bytes:
    """All galleries of a run, in order, as a GIF."""
    frames = torch.stack([images.read_png(run.folder.path / gallery.image) for gallery in galleries])
    return images.gif(frames, scale=2, frame_ms=150, back_and_forth=False)
