"""The latent-space page's inputs: seeds, paths, dimensions and their sliders, downloads."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from dashboard.latent_walks import z_name
from gancore import latents

SEEDS = 10_000
"""A dice button draws one of these; any other can be typed in."""
DIRECTIONS, MOST_DIRECTIONS = 8, 16
SLIDER_REACH: dict[latents.Distribution, float] = {"normal": 3.0, "uniform": 1.0}


def seed(label: str, key: str, default: int) -> int:
    """A number that stands for a z, and a dice that draws another."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        # The default goes through `st.session_state`, as the dice does: Streamlit warns of a widget that has both.
        st.session_state.setdefault(key, default)
        number: int = st.number_input(label, 0, 2**31 - 1, key=key, persist_state="session")
        st.button(
            "New",
            icon=":material/casino:",
            key=f"{key}.dice",
            help=f"Draw another {label.lower()}.",
            on_click=_draw_seed,
            args=(key,),
        )
    return number


def _draw_seed(key: str) -> None:
    st.session_state[key] = random.randrange(SEEDS)


def path(distribution: latents.Distribution, key: str) -> latents.Path:
    """Straight or along the sphere, with a word on why."""
    normal = distribution == "normal"
    paths: list[latents.Path] = ["linear", "spherical"]
    chosen = st.segmented_control(
        "Path",
        paths,
        default=paths[normal],
        required=True,
        key=f"{key}.{distribution}",
        persist_state="session",
    )
    st.caption(
        "In many dimensions N(0, 1) vectors lie near a sphere: the spherical path stays on it, "
        "the middle of the straight one is shorter than any z the generator was trained on."
        if normal
        else "Numbers between 0 and 1 fill a cube: the straight line between two of its points stays inside."
    )
    return chosen


def dimensions(ranked: list[int]) -> list[int]:
    """Which dimensions get a slider: the most visible ones, or the reader's own choice."""
    if len(ranked) < 2:
        return ranked
    most = min(MOST_DIRECTIONS, len(ranked))
    own = st.segmented_control(
        "Dimensions",
        ["Most visible", "My choice"],
        default="Most visible",
        required=True,
        key="latent.choice",
        persist_state="session",
        help="Visible: the mean change of the pixels when one number of z moves and the others stay.",
    )
    if own == "Most visible":
        count = st.slider(
            "How many", 1, most, min(DIRECTIONS, most), key=f"latent.count.{most}", persist_state="session"
        )
        return ranked[:count]
    picked = st.multiselect(
        "Which",
        ranked,
        default=ranked[:2],
        format_func=z_name,
        max_selections=most,
        key=f"latent.which.{len(ranked)}",
        persist_state="session",
    )
    return picked


def directions(
    distribution: latents.Distribution, dimensions: Sequence[int], effect: Sequence[float]
) -> dict[int, float]:
    """A slider for each dimension, in two columns, and a button that sets all back: dimension -> how far it moves."""
    normal, reach = distribution == "normal", SLIDER_REACH[distribution]
    keys = {dimension: f"latent.{distribution}.{dimension}" for dimension in dimensions}
    amounts: dict[int, float] = {}
    for index, (dimension, key) in enumerate(keys.items()):
        if index % 2 == 0:  # a row for each pair, so that a narrow screen stacks them in order
            row = iter(st.columns(2))
        st.session_state.setdefault(key, 0.0)
        amounts[dimension] = next(row).slider(
            f"{z_name(dimension)} :gray[· {100 * effect[dimension]:.1f} %]",
            -reach,
            reach,
            step=0.05,
            format="%+.2f σ" if normal else "%+.2f",
            key=key,
            persist_state="session",
        )
    st.button("Reset", icon=":material/restart_alt:", on_click=_set_to_zero, args=(list(keys.values()),))
    return amounts


def _set_to_zero(keys: Sequence[str]) -> None:
    for key in keys:
        st.session_state[key] = 0.0


def download(label: str, file_name: str, data: Callable[[], bytes]) -> None:
    """A button whose file is made when it is pressed."""
    kind = Path(file_name).suffix[1:]
    st.download_button(
        f"{label} ({kind.upper()})",
        data,
        file_name,
        f"image/{kind}",
        on_click="ignore",
        icon=":material/download:",
        key=f"latent.download.{label}",
    )
