"""A page for the browser tests: a board of curves of the runs in GANSCOPE_RUNS, which need not have been trained.

Started with `streamlit run` like the dashboard itself; the server runs this file as app and as script. In the address
`?run=` names runs by their seeds: one has its own legends, several have one together. `?with=` switches `live`,
`bands` and `markers` on; what may change while the page is open is in the sidebar.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

from dashboard.charts import HALF
from dashboard.comparison import Compared, forks, labels
from dashboard.curves import X_AXES, Line, Marker, Panel, curve_board
from dashboard.curves.routes import board_routes
from dashboard.engine import manager
from dashboard.run_colors import run_look

app = st.App(__file__, routes=board_routes())

LOG_2 = ((math.log(2), "log 2"),)


def runs_asked() -> list[Compared]:
    known = {str(run.config.seed): run for run in manager().runs()}
    asked = [(seed, known[seed]) for seed in st.query_params.get_all("run")]
    return [Compared.read(run, f"run {seed}", run_look(run.id)) for seed, run in asked]


def panels_of_one(run: Compared) -> list[Panel]:
    def line(column: str, name: str, color: str) -> Line:
        return Line(run.id, column, name, color)

    losses = (line("generator_loss", "G", "#3c9cb4"), line("discriminator_loss", "D", "#9c18fc"))
    scores = (line("d_real", "D(x)", "#006cb4"), line("d_fake", "D(G(z))", "#c08400"))
    return [
        Panel("losses", "Loss", losses, levels=LOG_2, wide=True),
        Panel("scores", "Probability", scores, range=(0.0, 1.0), levels=HALF, log="never"),
        Panel("alone", "One line", losses[:1], levels=((-1.0, "below"),)),
    ]


def panels_of_many(runs: list[Compared]) -> list[Panel]:
    def panel(column: str, title: str, of: list[Compared]) -> Panel:
        lines = (Line(r.id, column, r.name, r.look.color, dash=r.look.dash, family="gan-lab") for r in of)
        return Panel(column, title, tuple(lines))

    return [
        panel("generator_loss", "Generator loss", runs),
        panel("discriminator_loss", "Discriminator loss", runs),
        panel("d_real", "Of the last run", runs[-1:]),
    ]


def page() -> None:
    st.set_page_config(page_title="curve board", layout="wide")
    asked = st.query_params.get_all("with")
    runs = runs_asked()
    with st.sidebar:
        smoothing = st.slider("Smoothing", 0.0, 0.99, 0.0, key="smoothing", bind="query-params")
        x_axis = st.selectbox("Axis", list(X_AXES), key="x", bind="query-params")
        baseline = st.selectbox(
            "Baseline", ["none", *(run.name for run in runs)], key="baseline", bind="query-params"
        )
        log_y = st.toggle("Log", key="log", bind="query-params")
        clip = st.toggle("Clip", key="clip", bind="query-params")
        banner = st.toggle("Banner")
    if banner:
        st.info("An element above the charts.")
    several = len(runs) > 1
    curve_board(
        panels_of_many(runs) if several else panels_of_one(runs[0]),
        key="board",
        x_axis=x_axis,
        smoothing=smoothing,
        log_y=log_y,
        clip=clip,
        baseline={run.name: run.id for run in runs}.get(baseline, ""),
        runs=labels(runs) if several else (),
        bands=[[run.id for run in runs]] if "bands" in asked else (),
        forks=forks(runs),
        markers=[Marker(dict.fromkeys(X_AXES, place), f"{place} there") for place in (5, 15)]
        if "markers" in asked
        else (),
        live="live" in asked,
        columns=2,
        framed=several,
    )


if st.runtime.exists() and st.runtime.scriptrunner.get_script_run_ctx() is not None:
    page()
