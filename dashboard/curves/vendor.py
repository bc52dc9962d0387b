"""Plotly.js out of the installed package, served by our own server: no network is needed."""

from __future__ import annotations

from pathlib import Path

import plotly
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

# Relative to the server's base path. The version lets a browser keep the file until Plotly is upgraded.
PLOTLY_JS = f"vendor/plotly.min.js?v={plotly.__version__}"


class _KeptFiles(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def vendor_route(base_path: str) -> Mount:
    """The route that answers at `<base path>/vendor/plotly.min.js`, for `st.App(..., routes=[...])`."""
    return Mount(f"{base_path}/vendor", _KeptFiles(directory=Path(plotly.__file__).parent / "package_data"))
