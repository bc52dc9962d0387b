"""What `streamlit run dashboard/app.py` starts: the pages, Plotly.js beside them, and an orderly stop.

`home.py` is the script that runs for every visitor; this file runs once for the server.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

# `streamlit run` puts only this file's own folder on the path, so `dashboard` and `gancore` would be found
# from nowhere but the project's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dashboard import faults
from dashboard.clicks import ClicksOnce
from dashboard.routes import page_routes


def _warm_up() -> None:
    """Import torch and load the bundled digits while the visitor still looks around."""
    from dashboard import engine

    engine.warm_up()


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Make the first click quick, and stop every run when the server stops.

    A thread left inside torch aborts the interpreter at exit.
    """
    threading.Thread(target=_warm_up, name="warm up", daemon=True).start()
    yield {}
    from dashboard import engine

    engine.shutdown()


def serving() -> dict[str, Any]:
    """What every server of the pages does beside running their script; for ``st.App(script, **serving())``."""
    return {
        "lifespan": lifespan,
        "routes": page_routes(),
        "middleware": [Middleware(ClicksOnce)],
        "on_script_error": faults.show,
    }


app = st.App("home.py", **serving())
