"""The dashboard for the browser tests, with an experiment of runs that trains in seconds."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st
from tiny_runs import tiny

from dashboard.app import serving
from dashboard.learn import trained
from dashboard.learn.registry import CLAIMS
from gancore import live_quality

# On a machine that other tests keep busy, what gives way hardly moves.
live_quality.work_when_idle = lambda: None
claim = CLAIMS["loss-is-quality"]
quick = dataclasses.replace(
    trained.LOSS_IS_QUALITY, configs=lambda: (tiny("ns-gan", plan="300it", data="ring", measure_every="50it"),)
)
CLAIMS["loss-is-quality"] = dataclasses.replace(claim, experiment=quick)

HOME = Path(__file__).resolve().parents[3] / "dashboard" / "home.py"
app = st.App(HOME, **serving())
