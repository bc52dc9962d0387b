"""A page for the browser tests: every chart form, fed with synthetic losses that grow by the clock.

Started with `streamlit run` like the dashboard itself; the server runs this file as app and as script.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import streamlit as st

from dashboard.live_chart import Marker, Trace, live_chart
from dashboard.live_chart.vendor import vendor_route

app = st.App(__file__, routes=[vendor_route()])

ROWS_PER_S = 400


def history(rows: int) -> dict[str, np.ndarray]:
    """Losses and mean scores of a made-up run: the same rows at every call, only more of them."""
    t = np.arange(rows, dtype=np.float64)
    noise = np.random.default_rng(7).normal(size=(4, 400_000))[:, :rows]
    real = np.clip(0.55 + 0.35 * np.exp(-t / 900) + 0.05 * noise[2], 0, 1)
    fake = np.clip(0.45 - 0.35 * np.exp(-t / 900) + 0.05 * noise[3], 0, 1)
    return {
        "t": t,
        "G": 0.9 + 1.4 * np.exp(-t / 700) + 0.15 * noise[0],
        "D": 1.3 - 0.5 * np.exp(-t / 500) + 0.08 * noise[1],
        "real": real,
        "fake": fake,
    }


@st.fragment(run_every=0.5)
def losses(smoothing: float, log_y: bool) -> None:
    rows = 1500 + int((time.time() - st.session_state.started) * ROWS_PER_S)
    data = history(min(rows, 400_000))
    t = data["t"]
    live_chart(
        [
            Trace("generator loss", t, data["G"], "#6366f1"),
            Trace("discriminator loss", t, data["D"], "#ea8a0c"),
            Trace("D(x)", t, data["real"], "#0d9488", panel=1),
            Trace("D(G(z))", t, data["fake"], "#db2777", panel=1, dash="dot"),
        ],
        key="losses",
        x_title="iteration",
        panel_titles=["loss", "mean score"],
        panel_ranges=[None, (0, 1)],
        markers=[Marker(0, "0 %"), Marker(1000, "25 %")],
        smoothing=smoothing,
        log_y=log_y,
        height=420,
    )


@st.fragment(run_every=0.5)
def comparison() -> None:
    rows = 1500 + int((time.time() - st.session_state.started) * ROWS_PER_S)
    data = history(min(rows, 400_000))
    t = data["t"]
    short = t[:1200]
    live_chart(
        [
            Trace("dcgan · G", t, data["G"], "#6366f1", legend_group="dcgan"),
            Trace("dcgan · D", t, data["D"], "#6366f1", dash="dot", legend_group="dcgan"),
            Trace("wgan-gp · G", short, data["G"][:1200] + 1, "#0d9488", legend_group="wgan"),
            Trace("wgan-gp · D", short, data["D"][:1200] + 1, "#0d9488", dash="dot", legend_group="wgan"),
        ],
        key="comparison",
        x_title="iteration",
        panel_titles=["loss"],
        smoothing=0.9,
        height=300,
    )


def page() -> None:
    st.set_page_config(page_title="live chart", layout="wide")
    st.session_state.setdefault("started", time.time())
    with st.sidebar:
        st.header("Live chart")
        smoothing = st.slider("Smoothing", 0.0, 0.99, 0.0)
        log_y = st.toggle("Logarithmic")
        banner = st.toggle("Banner")
        st.button("Start", type="primary")
    st.title("Live chart")
    if banner:
        st.info("An element above the charts.")
    with st.container(border=True):
        losses(smoothing, log_y)
    left, right = st.columns(2)
    with left, st.container(border=True):
        comparison()
    with right, st.container(border=True):
        nothing = np.empty(0)
        live_chart(
            [Trace("FID", nothing, nothing, "#6366f1")],
            key="empty",
            x_title="epoch",
            panel_titles=["Fréchet distance"],
            height=300,
        )


if st.runtime.exists() and st.runtime.scriptrunner.get_script_run_ctx() is not None:
    page()
