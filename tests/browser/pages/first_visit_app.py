"""The dashboard for the browser tests, with a first run of moments instead of most of a minute."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import streamlit as st

from dashboard import first_visit
from dashboard.app import serving

first_visit.RUN |= {
    "plan": "8it",
    "generator_hidden": 16,
    "generator_channels": 2,
    "discriminator_channels": 4,
    "discriminator_hidden": 8,
    "sample_every": None,
    "measure_every": None,
    "grid": 2,
}

HOME = Path(__file__).resolve().parents[3] / "dashboard" / "home.py"
app = st.App(HOME, **serving())
