"""What a board of curves asks the server for, beside Streamlit: a refresh brings only what has come since the last.

POST ``data/curves`` takes ``{"wanted": [...]}`` (:class:`Wanted`) and answers ``{"found": [...]}`` in that order:
buckets (:mod:`dashboard.curves.summary`) from the last one that the board has on, or those of a range. Numbers travel
as base64 of float64 (positions) and float32 (values). GET ``data/curves.csv?run=...&run=...`` is every row of those
runs in one table. POST ``data/figure.pdf`` draws what a chart shows.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from dashboard.curves.summary import Buckets, Summary, window
from dashboard.curves.vendor import vendor_route
from gancore.errors import GanCoreError
from gancore.i18n import best_language, speaking
from gancore.run import Run
from gancore.steering import player_updates

Source = Literal["losses", "signals", "quality"]
SUMMARIES_KEPT = 96
"""Logs whose buckets stay in memory, at most some 400 kB each."""


class Wanted(BaseModel):
    """Which columns of which log, and what of them the board has."""

    model_config = ConfigDict(frozen=True)

    run: str
    source: Source
    columns: tuple[str, ...] = Field(max_length=40)
    token: int = -1
    """Of the buckets it has; -1: it has none."""
    size: int = Field(1, ge=1)
    """Rows in each of them."""
    have: int = Field(0, ge=0)
    """How many whole ones it has."""
    range: tuple[float, float] | None = None
    """The first and the last iteration of a part that is to be seen closer."""


class Question(BaseModel):
    """Everything a page wants to know at once."""

    wanted: tuple[Wanted, ...] = Field(max_length=400)


_summaries: OrderedDict[tuple[str, Source], Summary] = OrderedDict()
_lock = threading.Lock()


def board_routes() -> list[BaseRoute]:
    """What boards need of the server, Plotly.js included, for ``st.App(..., routes=[...])``."""
    base_path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base_path}" if base_path else ""
    return [
        vendor_route(prefix),
        Route(f"{prefix}/data/curves", _curves, methods=["POST"]),
        Route(f"{prefix}/data/curves.csv", _csv, methods=["GET"]),
        Route(f"{prefix}/data/figure.pdf", _pdf, methods=["POST"]),
    ]


async def _curves(request: Request) -> Response:
    try:
        question = Question.model_validate_json(await request.body())
    except ValidationError as error:
        return PlainTextResponse(str(error), 422)
    with speaking(_language_of(request)):
        found = await run_in_threadpool(lambda: [answer(each) for each in question.wanted])
    return JSONResponse({"found": found})


def _language_of(request: Request) -> str:
    """The page's, which a board says with what it asks for."""
    return best_language([request.headers.get("accept-language", "").split(",")[0]])


def answer(wanted: Wanted) -> dict[str, Any]:
    """What has come since; ``{"error": sentence}`` where the run is gone or damaged."""
    from dashboard.engine import manager

    try:
        run = manager().get(wanted.run)
        if wanted.source == "losses":
            history = run.history()
        elif wanted.source == "signals":
            history = run.signals()
        else:
            quality = run.quality()
            if quality is None:
                return {"token": 0, "rows": 0, "size": 1, "first": 0, "x": {}, "y": {}}
            history = quality.history
        if wanted.range is not None:
            return {"token": 0, **_packed(run, window(history, wanted.columns, *wanted.range))}
        with _lock:
            summary = _summaries.setdefault((str(run.folder.path), wanted.source), Summary())
            _summaries.move_to_end((str(run.folder.path), wanted.source))
            while len(_summaries) > SUMMARIES_KEPT:
                _summaries.popitem(last=False)
            found = summary.read(history, wanted.columns, wanted.token, wanted.have, wanted.size)
            packed = {"token": summary.token, **_packed(run, found)}
        if not wanted.have:
            run.let_go()
        return packed
    except GanCoreError as error:
        return {"error": str(error)}


def _packed(run: Run, found: Buckets) -> dict[str, Any]:
    generator, critic = player_updates(found.positions["iteration"], run.config, run.changes())
    positions = {**found.positions, "generator_updates": generator, "critic_updates": critic}
    return {
        "rows": found.rows,
        "size": found.size,
        "first": found.first,
        "x": {name: _encoded(values, "<f8") for name, values in positions.items()},
        # A bucket of one row is its own lowest and highest.
        "y": {
            name: [_encoded(part, "<f4") for part in (parts if found.size > 1 else parts[:1])]
            for name, parts in found.values.items()
        },
    }


def _encoded(values: NDArray[np.float64], dtype: str) -> str:
    with np.errstate(over="ignore"):
        return base64.b64encode(values.astype(dtype).tobytes()).decode("ascii")


async def _csv(request: Request) -> Response:
    from dashboard.curves.tables import csv_of_runs
    from dashboard.engine import manager

    try:
        runs = await run_in_threadpool(lambda: [manager().get(name) for name in request.query_params.getlist("run")])
    except GanCoreError as error:
        return PlainTextResponse(str(error), 404)
    headers = {"Content-Disposition": 'attachment; filename="ganscope-curves.csv"'}
    return StreamingResponse(csv_of_runs(runs), media_type="text/csv", headers=headers)


async def _pdf(request: Request) -> Response:
    from dashboard.curves.figures import Figure, pdf_of

    try:
        figure = Figure.model_validate_json(await request.body())
        with speaking(_language_of(request)):
            drawn = await run_in_threadpool(pdf_of, figure)
    except ValidationError as error:
        return PlainTextResponse(str(error), 422)
    except GanCoreError as error:
        return PlainTextResponse(str(error), 501)
    return Response(drawn, media_type="application/pdf")
