"""What the latent-space page asks the server for, beside Streamlit: an image is there before a page could rerun.

POST ``data/latent`` takes an :class:`Asked` and answers ``{"found": [...]}``, one for each generator:
``{"shape": [N, H, W, C], "pixels": base64 of uint8}``, or ``{"error": sentence}``. POST ``data/latent/directions``
takes a :class:`Wanted` and answers how strong each direction is. GET ``data/latent/file`` is a download.
Nothing here writes: what is kept under a name goes through the page.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import streamlit as st
import torch
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard.latent_explorer.files import MEDIA, file_of
from dashboard.latent_explorer.generators import generators_of
from dashboard.latent_explorer.pictures import effects
from dashboard.latent_explorer.questions import Question, Where, answer, checked_condition
from gancore import i18n, latents
from gancore.errors import GanCoreError
from gancore.latent_points import point

THREADS = 2
LARGEST_BODY = 100_000
"""Bytes of a question."""
Found = TypeVar("Found")


class Asked(BaseModel):
    """A question, and the language of what may be wrong with it."""

    question: Question
    language: str = i18n.ENGLISH


class Wanted(BaseModel):
    """What can be moved, and how strong it is."""

    method: Literal["z", "sefa", "pca"]
    where: Where
    point: str
    truncation: float = 1.0
    language: str = i18n.ENGLISH


class FileWanted(BaseModel):
    """A download."""

    question: Question
    form: Literal["png", "grid", "large", "change", "gif", "webp", "mp4"]


def latent_routes() -> list[BaseRoute]:
    """For ``st.App(..., routes=[...])``."""
    base_path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base_path}" if base_path else ""
    return [
        Route(f"{prefix}/data/latent", _images, methods=["POST"]),
        Route(f"{prefix}/data/latent/directions", _directions, methods=["POST"]),
        Route(f"{prefix}/data/latent/file", _file, methods=["GET"]),
    ]


@functools.cache
def _pool() -> ThreadPoolExecutor:
    # One core each: an image this small is quickest so, and runs that train keep theirs.
    return ThreadPoolExecutor(THREADS, "latent", initializer=torch.set_num_threads, initargs=(1,))


async def _in_pool(function: Callable[[], Found]) -> Found:
    return await asyncio.get_running_loop().run_in_executor(_pool(), function)


async def _images(request: Request) -> Response:
    try:
        asked = Asked.model_validate_json(await _body(request))
    except ValidationError as error:
        return PlainTextResponse(str(error), 422)
    return JSONResponse({"found": await _in_pool(lambda: found(asked))})


async def _body(request: Request) -> bytes:
    """No more than a question can be long; what is longer is no JSON and is turned down as such."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            return b""
    return body


def found(asked: Asked) -> list[dict[str, Any]]:
    """The answer for each generator."""
    with i18n.speaking(i18n.best_language([asked.language])):
        return [_packed(asked.question, where) for where in asked.question.where]


def _packed(question: Question, where: Where) -> dict[str, Any]:
    try:
        images = answer(question, where).permute(0, 2, 3, 1).contiguous()
    except GanCoreError as error:
        return {"error": str(error)}
    return {"shape": list(images.shape), "pixels": base64.b64encode(images.numpy().tobytes()).decode("ascii")}


async def _directions(request: Request) -> Response:
    try:
        wanted = Wanted.model_validate_json(await _body(request))
    except ValidationError as error:
        return PlainTextResponse(str(error), 422)
    return JSONResponse(await _in_pool(lambda: strengths(wanted)))


def strengths(wanted: Wanted) -> dict[str, Any]:
    """``{"of": [...], "share": [...]}``, the strongest first; ``{"error": sentence}`` where there are none.

    Of single numbers of z, the mean change of the pixels around the point; of directions, their share of the whole.
    """
    from dashboard.engine import manager

    try:
        with i18n.speaking(i18n.best_language([wanted.language])):
            where = wanted.where
            opened = generators_of(manager().get(where.run))
            with opened.lock:
                sampler = opened.sampler(where.at)
                condition = checked_condition(sampler, where.condition)
                if wanted.method != "z":
                    shares = opened.directions(wanted.method, where.at, condition).shares.tolist()
                    return {"of": [f"{wanted.method}{place}" for place in range(1, len(shares) + 1)], "share": shares}
                distribution = sampler.config.settings.latent_distribution
                base = point(sampler, opened.run.folder, wanted.point)

                def paint(z: torch.Tensor) -> torch.Tensor:
                    return sampler.images(latents.truncate(z, wanted.truncation, distribution), condition)

                effect = effects(paint, base, distribution)
                order = effect.argsort(descending=True, stable=True).tolist()
                return {"of": [f"z{number}" for number in order], "share": effect[order].tolist()}
    except GanCoreError as error:
        return {"error": str(error)}


async def _file(request: Request) -> Response:
    try:
        wanted = FileWanted.model_validate_json(request.query_params.get("wanted", ""))
        data, name = await _in_pool(lambda: file_of(wanted.question, wanted.form))
    except ValidationError as error:
        return PlainTextResponse(str(error), 422)
    except GanCoreError as error:
        return PlainTextResponse(str(error), 404)
    plain = re.sub(r"[^\w.-]", "-", name, flags=re.ASCII)
    headers = {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}
    return Response(data, media_type=MEDIA[name.rsplit(".", 1)[1]], headers=headers)
