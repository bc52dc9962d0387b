"""A page for the browser tests: the wall of galleries, the story of a tile, and the cross-score matrix.

Started with `streamlit run`; the runs are those in GANSCOPE_RUNS, all of them unless `?run=` names some. `Grow` shows
one more milestone of the last run each time, as training does.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

from dashboard.cross_score_card import cross_score_card
from dashboard.engine import manager
from dashboard.gallery_wall import Picked, gallery_wall, wall_column
from dashboard.image_story import image_story
from dashboard.latent_link import LATENT_PAGE
from dashboard.palette import RUN_COLORS
from dashboard.style import apply_style

SEED = 1


def wall(ids: list[str], shown: int | None) -> None:
    runs = [manager().get(run_id) for run_id in ids][: len(RUN_COLORS)]
    names = {run.id: run.config.preset for run in runs}
    colors = dict(zip(names, RUN_COLORS, strict=False))
    columns = [wall_column(run, names[run.id], colors[run.id], SEED) for run in runs]
    if shown is not None:
        columns[-1] = replace(columns[-1], frames=columns[-1].frames[:shown])
    given = st.query_params.get("percent")
    picked = st.query_params.get_all("picked")
    found = gallery_wall(
        columns,
        key="wall",
        seed=SEED,
        percent=float(given) if given else None,
        picked=Picked(picked[0], float(picked[1]), int(picked[2])) if len(picked) == 3 else None,
    )
    st.text(f"percent {found.percent:g}, picked {tuple(found.picked) if found.picked else None}")
    if found.picked:
        image_story(found.picked, runs, names, colors, seed=SEED)
    cross_score_card(runs, names)


def page() -> None:
    apply_style()
    ids = st.query_params.get_all("run") or sorted(run.id for run in manager().runs())
    shown = st.session_state.get("shown", 0 if "grow" in st.query_params else None)
    with st.sidebar:
        if st.button("Grow") and shown is not None:
            shown += 1
            st.session_state["shown"] = shown
        banner = st.toggle("Banner")
    if banner:
        st.info("An element above the wall.")
    wall(ids, shown)


st.set_page_config(page_title="gallery wall", layout="wide")
st.navigation([st.Page(page, default=True), st.Page(LATENT_PAGE)], position="hidden").run()
