"""The dashboard for the browser tests, with presets whose networks train in milliseconds."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st
from tiny_runs import tiny

from dashboard import engine, faults
from dashboard.app import lifespan
from dashboard.curves.routes import board_routes
from gancore import probe
from gancore.recipes import PRESETS

# The others are as ever.
for name in ("gan-lab", "gan-simple", "wgan-lab"):
    settings = tiny(name).settings.model_dump()
    run = {"grid": 2, "device": "cpu", "precision": "float32", "measure_every": "5it"}
    PRESETS[name] = dataclasses.replace(PRESETS[name], settings=settings, run=run)
# A diagnosis needs twenty probed iterations.
probe.PROBE_EVERY = 1
# On a machine that other tests keep busy, training that gives way hardly moves.
engine.TRAINING_NICENESS = 0

HOME = Path(__file__).resolve().parents[3] / "dashboard" / "home.py"
app = st.App(HOME, lifespan=lifespan, routes=board_routes(), on_script_error=faults.show)
