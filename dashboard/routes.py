"""What pages fetch from the server beside Streamlit: one list, so that every server of the pages has all of it."""

from __future__ import annotations

from starlette.routing import BaseRoute

from dashboard.curves.routes import board_routes
from dashboard.latent_explorer.routes import latent_routes


def page_routes() -> list[BaseRoute]:
    """For ``st.App(..., routes=page_routes())``."""
    return [*board_routes(), *latent_routes()]
