"""Runs for every visitor: the page's frame, and which page to show."""

from pathlib import Path

import streamlit as st

from dashboard.language import follow_visitor, language_button
from dashboard.style import apply_style
from gancore.i18n import _

# A file of our own: Streamlit fetches a named icon from the network for the browser's tab.
st.set_page_config(page_title="GANscope", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
apply_style()
follow_visitor()
language_button()

PAGES = [
    st.Page("views/train.py", title=_("Train"), icon=":material/play_circle:", default=True),
    st.Page("views/compare.py", title=_("Compare"), icon=":material/compare:"),
    st.Page("views/plane.py", title=_("Plane"), icon=":material/grid_4x4:"),
    st.Page("views/latent.py", title=_("Latent space"), icon=":material/scatter_plot:"),
    st.Page("views/ranking.py", title=_("Ranking"), icon=":material/leaderboard:"),
    st.Page("views/learn.py", title=_("Learn"), icon=":material/school:"),
    st.Page("views/runs.py", title=_("Runs"), icon=":material/list:"),
]

st.navigation(PAGES, position="top").run()
