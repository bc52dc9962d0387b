"""A page for the browser tests: the card of a data set from samples, of the runs in GANSCOPE_RUNS and the shelf."""

import streamlit as st

from dashboard.engine import manager
from dashboard.sample_set_card import sample_set_card

st.set_page_config(page_title="Samples as data", layout="wide")
for run in manager().runs():
    sample_set_card(run)
