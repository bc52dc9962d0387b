"""What boards ask the server for: only what is new, one sentence where a run cannot be read, all rows as a file."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from starlette.applications import Starlette
from tiny_runs import tiny

from dashboard import engine
from dashboard.curves.routes import Wanted, answer, board_routes
from gancore.checkpoint import RunFolder
from gancore.history import HISTORY_FILE, POSITION, SIGNALS_FILE, History, HistoryWriter, write_history
from gancore.signals import SIGNAL_NAMES
from gancore.status import RunState, Status

NAMES = ("generator_loss", "discriminator_loss", "d_real", "d_fake")
FIGURE = {
    "title": "Loss",
    "x_title": "Iteration",
    "lines": [{"name": "a", "x": [1, 2], "y": [1, None], "color": "#006cb4"}],
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The dashboard's folder of runs."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path))
    engine.manager.cache_clear()
    yield tmp_path
    engine.manager.cache_clear()


@dataclass
class Answer:
    """Of the server."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


# Starlette's own test client needs a package more.
def request(method: str, path: str, body: bytes = b"", **params: Any) -> Answer:
    """Ask the boards' routes, without a server."""
    found = Answer()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.status = message["status"]
            found.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            found.body += message.get("body", b"")

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "path": path, "query_string": urlencode(params, doseq=True).encode(), "headers": [],
    }  # fmt: skip
    # In a thread of its own: a browser test of the same process leaves an event loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(Starlette(routes=board_routes())(scope, receive, send))).result()
    return found


def ask(*wanted: dict[str, Any]) -> list[dict[str, Any]]:
    answered: list[dict[str, Any]] = json.loads(post("/data/curves", {"wanted": wanted}).body)["found"]
    return answered


def post(path: str, body: Any) -> Answer:
    return request("POST", path, json.dumps(body).encode())


def rows(first: int, last: int) -> np.ndarray:
    """Iterations ``first`` to ``last``, whose losses are their numbers."""
    iteration = np.arange(float(first), last + 1)
    return np.column_stack([iteration, iteration / 10, iteration * 16, iteration / 50, *[iteration] * len(NAMES)])


def stopped_run(root: Path, count: int) -> RunFolder:
    folder = RunFolder.create(root, tiny("gan-simple"))
    history = History([*POSITION, *NAMES])
    history.append(rows(1, count))
    write_history(history, folder.path / HISTORY_FILE)
    folder.write_status(Status(state=RunState.STOPPED, iteration=count))
    return folder


def decoded(text: str, dtype: str) -> list[float]:
    return np.frombuffer(base64.b64decode(text), dtype).tolist()


def wanted(folder: RunFolder, **fields: Any) -> Wanted:
    return Wanted(**{"run": folder.id, "source": "losses", "columns": ("generator_loss",), **fields})


def test_a_short_log_is_sent_as_it_is(root: Path) -> None:
    found = answer(wanted(stopped_run(root, 5), columns=("generator_loss", "unknown")))
    assert (found["rows"], found["size"], found["first"]) == (5, 1, 0)
    assert decoded(found["x"]["iteration"], "<f8") == [1, 2, 3, 4, 5]
    assert decoded(found["x"]["critic_updates"], "<f8") == [1, 2, 3, 4, 5]
    assert [decoded(part, "<f4") for part in found["y"]["generator_loss"]] == [[1, 2, 3, 4, 5]]
    assert list(found["y"]) == ["generator_loss"]


def test_who_has_some_is_sent_what_has_come_since(root: Path) -> None:
    folder = stopped_run(root, 4000)
    first = answer(wanted(folder))
    assert (first["size"], first["first"], len(decoded(first["x"]["iteration"], "<f8"))) == (4, 0, 1000)
    history = engine.manager().get(folder.id).history()
    writer = HistoryWriter(history, folder.path / HISTORY_FILE)
    history.append(rows(4001, 4010))
    writer.flush()
    had = {"token": first["token"], "size": 4, "have": 1000}
    more = answer(wanted(folder, **had))
    assert (more["rows"], more["size"], more["first"], more["token"]) == (4010, 4, 1000, first["token"])
    assert decoded(more["x"]["iteration"], "<f8") == [4004, 4008, 4010]
    mean, low, high = (decoded(part, "<f4") for part in more["y"]["generator_loss"])
    assert (mean, low, high) == ([4002.5, 4006.5, 4009.5], [4001, 4005, 4009], [4004, 4008, 4010])
    assert answer(wanted(folder, **{**had, "token": first["token"] + 1}))["first"] == 0

    history.append(rows(4011, 9000))
    writer.flush()
    wider = answer(wanted(folder, **had))
    assert (wider["size"], wider["first"]) == (16, 250)
    assert decoded(wider["x"]["iteration"], "<f8")[0] == 4016


def test_a_range_is_sent_row_by_row(root: Path) -> None:
    found = answer(wanted(stopped_run(root, 4000), range=(2000, 2010), token=7, have=500, size=4))
    assert (found["size"], found["first"]) == (1, 0)
    assert decoded(found["x"]["iteration"], "<f8") == list(range(1999, 2012))


def test_signals_and_quality_that_are_not_there_are_empty(root: Path) -> None:
    folder = stopped_run(root, 5)
    assert answer(wanted(folder, source="signals", columns=SIGNAL_NAMES))["rows"] == 0
    assert answer(wanted(folder, source="quality", columns=("frechet",)))["rows"] == 0


def test_an_unknown_run_does_not_spoil_the_others(root: Path) -> None:
    folder = stopped_run(root, 3)
    asked = [wanted(folder).model_dump(), {**wanted(folder).model_dump(), "run": "gone"}]
    gone, there = ask(*asked[::-1])
    assert gone.keys() == {"error"}
    assert gone["error"].startswith("there is no run 'gone'")
    assert there["rows"] == 3


@pytest.mark.parametrize(("file", "source"), [(HISTORY_FILE, "losses"), (SIGNALS_FILE, "signals")])
def test_a_damaged_log_is_one_sentence(root: Path, file: str, source: str) -> None:
    folder = stopped_run(root, 3)
    (folder.path / file).write_bytes(b"not a log")
    asked = wanted(folder, source=source).model_dump()
    (found,) = ask(asked)
    assert found.keys() == {"error"}
    assert f"{file} cannot be read as a history" in found["error"]
    assert "\n" not in found["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"wanted": [{"run": "a", "source": "dreams", "columns": []}]}'])
def test_a_question_that_is_none_is_refused(body: bytes) -> None:
    assert request("POST", "/data/curves", body).status == 422


def test_the_table_has_every_row_of_every_run(root: Path) -> None:
    one, two = stopped_run(root, 25_000), stopped_run(root, 3)
    response = request("GET", "/data/curves.csv", run=[one.id, two.id])
    assert response.headers["content-type"].startswith("text/csv")
    assert "ganscope-curves.csv" in response.headers["content-disposition"]
    table = list(csv.DictReader(io.StringIO(response.body.decode())))
    assert [row["run"] for row in table] == [one.id] * 25_000 + [two.id] * 3
    assert [float(row["generator_loss"]) for row in table[:25_000]] == list(range(1, 25_001))
    assert request("GET", "/data/curves.csv", run="gone").status == 404


def test_a_chart_is_drawn_as_a_pdf() -> None:
    response = post("/data/figure.pdf", FIGURE)
    assert response.headers["content-type"] == "application/pdf"
    assert response.body.startswith(b"%PDF")
    assert post("/data/figure.pdf", {**FIGURE, "lines": [{"color": "red"}]}).status == 422


def test_without_matplotlib_a_pdf_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    response = post("/data/figure.pdf", FIGURE)
    assert response.status == 501
    assert b"matplotlib" in response.body
