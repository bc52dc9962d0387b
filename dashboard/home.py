"""Runs for every visitor: the page's frame, and which page to show."""

from pathlib import Path

import streamlit as st

from dashboard.style import apply_style

# A file of our own: Streamlit fetches a named icon from the network for the browser's tab.
st.set_page_config(page_title="GANscope", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
apply_style()

PAGES = [
    st.Page("views/train.py", title="Train", icon=":material/play_circle:", default=True),
    st.Page("views/compare.py", title="Compare", icon=":material/compare:"),
    st.Page("views/plane.py", title="Plane", icon=":material/grid_4x4:"),
    st.Page("views/latent.py", title="Latent space", icon=":material/scatter_plot:"),
    st.Page("views/ranking.py", title="Ranking", icon=":material/leaderboard:"),
    st.Page("views/runs.py", title="Runs", icon=":material/list:"),
]

st.navigation(PAGES, position="top").run()
