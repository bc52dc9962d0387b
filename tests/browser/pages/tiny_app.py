"""The dashboard for the browser tests, with presets whose networks train in milliseconds."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st
from ignite.engine import Engine
from tiny_runs import tiny

from dashboard import engine
from dashboard.app import serving
from gancore import live_quality, probe, runs
from gancore.recipes import PRESETS
from gancore.trainer import Trainer

# The others are as ever.
for name in ("gan-lab", "gan-simple", "wgan-lab"):
    settings = tiny(name).settings.model_dump()
    own = {"grid": 2, "device": "cpu", "precision": "float32", "measure_every": "5it"}
    PRESETS[name] = dataclasses.replace(PRESETS[name], settings=settings, run=own)
# A diagnosis needs twenty probed iterations.
probe.PROBE_EVERY = 1
# On a machine that other tests keep busy, what gives way hardly moves.
engine.TRAINING_NICENESS = 0
live_quality.work_when_idle = lambda: None
REST_S = 0.005


class RestingTrainer(Trainer):
    """Rests after each iteration: flat out, networks this small would keep a core from the browser."""

    def _after_iteration(self, engine: Engine) -> None:
        super()._after_iteration(engine)
        time.sleep(REST_S)


runs.Trainer = RestingTrainer

HOME = Path(__file__).resolve().parents[3] / "dashboard" / "home.py"
app = st.App(HOME, **serving())
