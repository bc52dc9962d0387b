"""Walk through a generator's latent space: between two z, along single dimensions, between four corners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import streamlit as st
import torch

from dashboard import latent_controls as controls
from dashboard import latent_walks as walks
from dashboard.engine import manager
from dashboard.faults import fragment
from dashboard.inversion_view import inversion_view
from dashboard.latent_walks import Painter
from dashboard.run_colors import run_look
from dashboard.run_picker import pick_run
from dashboard.style import run_mark
from gancore import images, latents
from gancore.errors import GanCoreError
from gancore.run import Run
from gancore.sampler import Sampler
from gancore.sources import is_points

NOW = "now"
SNAPSHOT_S = 10.0
STYLE = Path(__file__).with_suffix(".css")


@dataclass(frozen=True)
class Chosen:
    """The generator all three views show."""

    painter: Painter
    run_id: str
    moment: str

    def file(self, what: str) -> str:
        """A download's name, without its ending."""
        return f"{self.run_id}-{self.moment.replace(' %', 'pct').replace(' ', '-')}-{what}"


def main() -> None:
    """The page."""
    st.html(STYLE)
    try:
        chosen = _choose()
    except GanCoreError as error:
        st.error(str(error), icon=":material/error:")
        return
    if chosen is None:
        return
    look = run_look(chosen.run_id)
    run_mark(chosen.run_id, look.color, look.dash)
    painter = chosen.painter
    drawn_from = "drawn from N(0, 1)" if painter.distribution == "normal" else "between 0 and 1"
    st.caption(
        f"This generator turns z, {painter.latent_dim} random numbers {drawn_from}, into an image; "
        "z that lie close together give similar images."
    )
    views = {"Walk": _walk, "Directions": _directions, "Four corners": _corners, "Find an image": _find}
    tabs = st.tabs(list(views), key="view", on_change="rerun", bind="query-params")
    for tab, view in zip(tabs, views.values(), strict=True):
        if tab.open:
            with tab:
                view(chosen)


def _choose() -> Chosen | None:
    menu, moments = st.columns([3, 4], gap="medium")
    with menu:
        run = pick_run(wanted=lambda run: not is_points(run.config.data))
        condition = None if run is None else _condition(run)
    if run is None:
        return None
    kept = {}
    for gallery in run.milestones():
        kept[gallery.label if gallery.label not in kept else f"{gallery.label}, {gallery.iteration:,}"] = gallery
    with moments, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        moment = st.segmented_control(
            "Training progress",
            [*kept, *([NOW] if run.is_mine else [])],
            default=list(kept)[-1],
            required=True,
            key="at",
            bind="query-params",
        )
        if moment == NOW:
            return Chosen(_now(run, condition), run.id, NOW)
    gallery = kept[moment]
    path = run.folder.path / str(gallery.weights)
    version = path.stat().st_mtime_ns if path.is_file() else 0
    return Chosen(_open(run.id, str(gallery.weights), version, condition), run.id, moment)


def _condition(run: Run) -> int | None:
    """What the generator is to be told, chosen from what the run keeps; None for an unconditional one."""
    conditions, resolved = run.folder.read_conditions(), run.folder.read_resolved()
    if conditions is None or resolved is None:
        return None
    if conditions.ndim == 1:
        label, names = "Class", resolved.classes
    else:
        label, names = "Source image", tuple(str(number) for number in range(1, len(conditions) + 1))
    return st.selectbox(
        label, range(len(names)), format_func=names.__getitem__, key=f"latent.{label}", persist_state="session"
    )


@st.cache_resource(max_entries=6, show_spinner=False)
def _open(run_id: str, weights: str, version: int, condition: int | None) -> Painter:
    """A milestone's painter; ``version`` is the file's time, so weights made anew are read anew."""
    folder = manager().get(run_id).folder
    return Painter(Sampler(folder, folder.load_weights(weights)), condition)


def _now(run: Run, condition: int | None) -> Painter:
    """The live generator, copied when first asked for and when asked to again, so that a walk stays one walk."""
    fresh = st.button("Copy again", icon=":material/refresh:", help="Take the generator as it is by now.")
    kept: tuple[str, Sampler, int] | None = st.session_state.get("latent.now")
    if fresh or kept is None or kept[0] != run.id:
        kept = (run.id, Sampler(run.folder, run.snapshot(SNAPSHOT_S)), run.status().iteration)
        st.session_state["latent.now"] = kept
    st.caption(f"Copied at iteration {kept[2]:,}.")
    return Painter(kept[1], condition)


def _find(chosen: Chosen) -> None:
    sampler, condition = chosen.painter.another()
    inversion_view(manager().get(chosen.run_id), sampler, condition, chosen.moment)


@fragment
def _walk(chosen: Chosen) -> None:
    painter = chosen.painter
    stage, beside = st.columns([3, 2], gap="large")
    with beside:
        first, second = controls.seed("Start seed", "latent.start", 1), controls.seed("End seed", "latent.end", 2)
        path = controls.path(painter.distribution, "latent.walk_path")
        steps = st.slider("Steps in the film strip", 5, 15, 10, key="latent.steps", persist_state="session")
    start, end = painter.latent(first), painter.latent(second)
    with stage:
        above = st.container()
        position = st.slider("Position", 0, 100, 50, format="%d %%", key="latent.position", persist_state="session")
        middle = painter.images(latents.PATHS[path](start, end, torch.tensor([position / 100])))[0]
        frames = painter.images(latents.walk(start, end, steps, path))
        captions = (f"Seed {first}", f"{position} % of the way", f"Seed {second}")
        above.html(walks.tiles(zip((frames[0], middle, frames[-1]), captions, strict=True), "between"))
    shares = [f"{100 * index / (steps - 1):.0f} %" for index in range(steps)]
    nearest = round(position / 100 * (steps - 1))
    st.html(walks.tiles(zip(frames, shares, strict=True), "strip", nearest))
    name = chosen.file(f"walk-{first}-{second}-{path}")
    texts = {"Run": chosen.run_id, "Moment": chosen.moment, "Seeds": f"{first} {second}", "Path": path}
    with st.container(horizontal=True):
        controls.download("Film strip", f"{name}.png", partial(walks.strip_png, frames, **texts))
        controls.download("Large image", f"{name}-{position}.png", partial(walks.single_png, middle, **texts))
        controls.download("Animation", f"{name}.gif", partial(walks.walk_gif, painter, start, end, path))


@fragment
def _directions(chosen: Chosen) -> None:
    painter = chosen.painter
    stage, beside = st.columns([3, 2], gap="large")
    with beside:
        seed = controls.seed("Base seed", "latent.base", 1)
        base = painter.latent(seed)
        effect = painter.effects(base)
        dimensions = controls.dimensions(walks.ranking(effect))
    with stage:
        above = st.container()
        st.caption(
            "Each slider moves one number of z; beside it, how much the pixels change on average "
            + ("at ±2 σ." if painter.distribution == "normal" else "at either end.")
        )
        amounts = controls.directions(painter.distribution, dimensions, effect.tolist())
    shown, unmoved = painter.images(torch.stack([walks.moved(base, amounts, painter.distribution), base]))
    change = walks.difference(shown, unmoved)
    changes = "orange brighter, blue darker" if change.any() else "none yet"
    caption = f"Seed {seed}, moved" if any(amounts.values()) else f"Seed {seed}"
    above.html(walks.tiles([(shown, caption), (change, f"Change: {changes}")], "moved"))
    name = chosen.file(f"directions-{seed}")
    texts = {"Run": chosen.run_id, "Moment": chosen.moment, "Seeds": str(seed), "Moves": str(amounts)}
    with beside, st.container(horizontal=True):
        controls.download("Large image", f"{name}.png", partial(walks.single_png, shown, **texts))
        controls.download("Change", f"{name}-change.png", partial(walks.single_png, change, **texts))


@fragment
def _corners(chosen: Chosen) -> None:
    painter = chosen.painter
    stage, beside = st.columns([3, 2], gap="large")
    with stage:
        above, picture, below = (st.container() for _ in range(3))
    seeds: list[int] = []
    for row, names in ((above, ("Top left", "Top right")), (below, ("Bottom left", "Bottom right"))):
        for column, name in zip(row.columns(2, gap="medium"), names, strict=True):
            with column:
                seeds.append(controls.seed(name, f"latent.{name.lower().replace(' ', '_')}", len(seeds) + 1))
    with beside:
        side = st.slider("Images a side", 5, 12, 8, key="latent.side", persist_state="session")
        path = controls.path(painter.distribution, "latent.corner_path")
    z = latents.corners(torch.stack([painter.latent(seed) for seed in seeds]), side, path)
    samples = painter.images(z)
    with picture:
        whole = images.grid(samples, side, padding=0)
        alt = f"{side} by {side} images between the seeds {', '.join(map(str, seeds))}"
        st.html(walks.tiles([(whole, "")], "corners", alt=alt))
    texts = {"Run": chosen.run_id, "Moment": chosen.moment, "Seeds": " ".join(map(str, seeds)), "Path": path}
    with beside:
        name = chosen.file(f"corners-{'-'.join(map(str, seeds))}-{path}")
        controls.download("Grid", f"{name}.png", partial(walks.grid_png, samples, side, **texts))


main()
