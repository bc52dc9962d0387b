"""The story of a picked tile in a card: its z through the training, its neighbours, and who takes it for real."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st
from torch import Tensor

from dashboard.gallery_wall import Picked
from dashboard.latent_link import latent_link
from dashboard.run_names import class_title, with_names
from dashboard.style import run_mark
from gancore import images
from gancore.config import RunConfig
from gancore.errors import GanCoreError
from gancore.evaluate.discriminators import Discriminator
from gancore.evaluate.extractors import extractor_for
from gancore.evaluate.stories import (
    REAL_IMAGES,
    Moment,
    Neighbours,
    Opinion,
    TrainingBank,
    history,
    label_of,
    opinion,
)
from gancore.i18n import N_, _, language
from gancore.networks import ImageShape
from gancore.run import Run

STYLE = Path(__file__).with_suffix(".css")
TILE_PIXELS = 112
DOWNLOAD_PIXELS = 512
DISTANCES = {
    "features": N_("Distances are between what the data's own classifier sees in two images."),
    "pixels": N_("Distances are the root mean square difference of pixels, 0 to 1; this data has no classifier."),
}


def image_story(
    picked: Picked, runs: Sequence[Run], names: Mapping[str, str], colors: Mapping[str, str], *, seed: int
) -> None:
    """One bordered card on a tile of the gallery wall.

    Args:
        picked: What the wall says was picked.
        runs: Those compared, the tile's own among them; each one's discriminator is asked.
        names: By run id.
        colors: By run id.
        seed: The wall's.
    """
    st.html(STYLE)
    with st.container(border=True, key="image-story"):
        try:
            run = next(run for run in runs if run.id == picked.run)
            moments = _history(run, _version(run.folder.path / "galleries.json"), seed, picked.tile)
            chosen = next(moment for moment in moments if moment.percent == picked.percent)
            label, given = label_of(run, picked.tile), _given(run, picked.tile)
        except StopIteration:
            st.caption(_("The picked sample is gone: its run or its milestone is no longer there."))
            return
        except (GanCoreError, OSError) as error:
            st.error(with_names(str(error), names), icon=":material/error:")
            return
        title = _(
            "Sample {tile} of {run} at {percent:g} %", tile=picked.tile + 1, run=names[run.id], percent=picked.percent
        )
        run_mark(title, colors[run.id])
        _head(picked, chosen, given, is_class=label is not None, seed=seed)
        st.markdown(_("**The same z through the training**"))
        st.html(history_html(moments, picked.percent))
        st.markdown(_("**Training images nearest to it**"))
        nearest_images(run, chosen.image)
        st.markdown(_("**What the discriminators make of it**"))
        _opinions(runs, chosen.image, label, names, colors)


def _head(picked: Picked, chosen: Moment, given: str, *, is_class: bool, seed: int) -> None:
    """What was drawn, the button that saves it, and the link that goes on with its z."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        facts = _(
            "Iteration {iteration:,} · z {tile} of seed {seed}",
            iteration=chosen.iteration,
            tile=picked.tile + 1,
            seed=seed,
        )
        asked = " · " + _("asked for {label}", label=class_title(given)) if is_class else ""
        st.caption(f"{facts}{asked}", width="content")
        scale = max(1, round(DOWNLOAD_PIXELS / chosen.image.shape[-1]))
        texts = {"Run": picked.run, "Percent": f"{picked.percent:g}", "Seed": str(seed), "Tile": str(picked.tile + 1)}
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            latent_link(picked.run, f"{picked.percent:g} %", [f"{seed}.{picked.tile + 1}"], given)
            st.download_button(
                _("Enlarged image"),
                images.png(chosen.image, scale, **texts),
                file_name=f"{picked.run}-{picked.percent:g}-sample-{picked.tile + 1}.png",
                mime="image/png",
                icon=":material/download:",
                key="image-story-download",
                on_click="ignore",
            )


def nearest_images(run: Run, image: Tensor) -> None:
    """The training images nearest to one, on the page; why not, where they cannot be looked for."""
    try:
        with st.spinner(_("Looking through the training images")):
            config = run.config
            shape = ImageShape(*image.shape)
            # Another name where a classifier of the data has been trained since.
            judge = extractor_for(config.data, shape).name
            bank = _bank((config.data, config.image_size, config.channels, judge), shape, config)
            found = bank.nearest(image)
    except (GanCoreError, OSError) as error:
        st.caption(_("They cannot be looked for: {error}", error=error))
        return
    st.html(neighbours_html(image, found))
    st.caption(_(DISTANCES[found.space]))


def _opinions(
    runs: Sequence[Run], image: Tensor, label: int | None, names: Mapping[str, str], colors: Mapping[str, str]
) -> None:
    try:
        with st.spinner(_("Asking the discriminators")):
            found = [_opinion(run, _checkpoint(run), image, label, language()) for run in runs]
    except (GanCoreError, OSError) as error:
        st.caption(_("They cannot be asked: {error}", error=error))
        return
    st.html(opinions_html(found, names, colors))
    if any(told.share is not None for told in found):
        st.caption(
            _(
                "The share of real images, {most} at most, that each run's discriminator scores lower than this "
                "image: 0 is the most fake-looking, 0.5 is like a typical real one.",
                most=REAL_IMAGES,
            )
        )


@st.cache_data(max_entries=256, show_spinner=False)
def _history(_run: Run, version: tuple[str, int], seed: int, tile: int) -> list[Moment]:
    return history(_run, seed, tile)


@st.cache_resource(max_entries=2, show_spinner=False)
def _bank(asked: tuple[str, int | None, str, str], shape: ImageShape, _config: RunConfig) -> TrainingBank:
    return TrainingBank(_config, shape)


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs={Tensor: lambda image: image.numpy().tobytes()})
def _opinion(_run: Run, checkpoint: tuple[str, int], image: Tensor, label: int | None, spoken: str) -> Opinion:
    try:
        judge = Discriminator.open(_run)
    except GanCoreError as error:
        return Opinion(_run.id, None, f"{str(error).rstrip('.')}.")
    return opinion(judge, image, label)


def _checkpoint(run: Run) -> tuple[str, int]:
    """What changes when a run's last checkpoint does."""
    found = run.folder.checkpoints()
    return _version(found[0] / "discriminator.safetensors") if found else (run.id, 0)


def _version(file: Path) -> tuple[str, int]:
    try:
        return str(file), file.stat().st_mtime_ns
    except OSError:
        return str(file), 0


def _given(run: Run, tile: int) -> str:
    """What a tile of the wall was made of: its class, or its source image's number from 1; empty: nothing."""
    conditions, resolved = run.folder.read_conditions(), run.folder.read_resolved()
    if conditions is None or resolved is None:
        return ""
    place = tile % len(conditions)
    return resolved.classes[int(conditions[place])] if conditions.ndim == 1 else str(place + 1)


def _figure(image: Tensor, alt: str, caption: str, kind: str = "") -> str:
    data = base64.b64encode(images.png(image)).decode()
    picture = f'<img src="data:image/png;base64,{data}" alt="{html.escape(alt)}" width="{TILE_PIXELS}">'
    return f'<figure class="{kind}">{picture}<figcaption>{caption}</figcaption></figure>'


def history_html(moments: Sequence[Moment], percent: float) -> str:
    """A strip of one z at all milestones, the picked one marked."""
    figures = [
        _figure(
            moment.image,
            _("At {percent:g} %", percent=moment.percent),
            _when(moment),
            "here" if moment.percent == percent else "",
        )
        for moment in moments
    ]
    return f'<div class="tiles story-strip">{"".join(figures)}</div>'


def _when(moment: Moment) -> str:
    iteration = _("iteration {iteration:,}", iteration=moment.iteration)
    return f"{moment.percent:g} %<br><small>{iteration}</small>"


def neighbours_html(image: Tensor, found: Neighbours) -> str:
    """The sample, then the training images near it with class and distance."""
    figures = [_figure(image, _("The sample"), _("the sample"), "here")]
    figures += [
        _figure(
            near.image,
            _(
                "Training image {number}, {label}, at distance {distance:.3g}",
                number=near.number,
                label=class_title(near.label),
                distance=near.distance,
            ),
            f"{near.distance:.3g}<br><small>{html.escape(class_title(near.label))}</small>",
        )
        for near in found.found
    ]
    return f'<div class="tiles story-strip">{"".join(figures)}</div>'


def opinions_html(found: Sequence[Opinion], names: Mapping[str, str], colors: Mapping[str, str]) -> str:
    """One line a run: its name, the share on a scale from 0 to 1, and the number; or why there is none."""
    lines = []
    for told in found:
        mark = (
            f'<div class="run-mark" style="--run-color:{colors[told.run]}">'
            f"<span>{html.escape(names[told.run])}</span></div>"
        )
        if told.share is None:
            lines.append(f'{mark}<p class="story-words">{html.escape(with_names(told.reason, names))}</p>')
        else:
            lines.append(
                f'{mark}<div class="story-scale" aria-hidden="true" style="--share:{told.share:.3f};'
                f'--run-color:{colors[told.run]}"><i></i></div><b>{told.share:.2f}</b>'
            )
    return f'<div class="story-opinions">{"".join(lines)}</div>'
