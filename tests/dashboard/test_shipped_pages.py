"""Every page with the shipped runs alone: none fails or writes to them, and a first visit stays one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from dashboard import engine
from dashboard.run_colors import run_look
from gancore.kept_latents import keep, kept
from gancore.runs import RunManager
from gancore.shelf import VARIABLE

ROOT = Path(__file__).resolve().parents[2]
SHELF = ROOT / "checkpoints" / "starters"
RUN_S = 120

Open = Callable[..., AppTest]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunManager]:
    """The manager the pages see: no run of one's own, on a machine without MNIST, and the shelf."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv(VARIABLE, str(SHELF))
    engine.manager.cache_clear()
    yield engine.manager()
    engine.shutdown()
    engine.manager.cache_clear()


@pytest.fixture
def open_page(runs: RunManager) -> Open:
    """A function that opens a page by its name, with query parameters; nothing may fail."""

    def show(page: str, **query: str) -> AppTest:
        app = AppTest.from_file(ROOT / "dashboard" / "home.py", default_timeout=RUN_S)
        app.switch_page(f"views/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert [error.value for error in app.exception] == []
        assert [error.value for error in app.error] == []
        return app

    return show


def sums() -> dict[str, str]:
    """File on the shelf -> checksum."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(SHELF.rglob("*"))
        if path.is_file()
    }


def test_no_page_fails_on_shipped_runs_alone_nor_writes_to_them(open_page: Open, runs: RunManager) -> None:
    before = sums()
    for page in ("train", "compare", "plane", "latent", "ranking", "runs"):
        open_page(page)
    for name in ("best-mnist", "cgan-mnist", "pix2pix-edges-mnist", "r3gan-ring"):
        assert runs.get(name).is_shipped
        open_page("runs", run=name)
    assert sums() == before


def test_what_was_added_to_a_shipped_run_is_deleted_and_brought_back(open_page: Open, runs: RunManager) -> None:
    def labels(app: AppTest) -> list[str]:
        return [block.proto.popover.label for block in app.get("popover")]

    name = "gan-simple-mnist"
    assert "Delete what was added" not in labels(open_page("runs", run=name))
    keep(runs.get(name).folder, "seven", "point", torch.zeros(100))
    app = open_page("runs", run=name)
    assert "Delete what was added" in labels(app)
    assert "Delete" not in labels(app)
    app.button(key=f"delete-{name}").click().run()
    assert kept(runs.get(name).folder) == []
    assert runs.get(name).folder.path.parent == SHELF
    said = [part.value for part in app.markdown]
    assert f":material/delete: What was added to **{name}** is in the trash." in [s.replace("\\", "") for s in said]
    assert any("what was added to it, deleted" in text for text in said)
    app.button(key="undo-delete").click().run()
    assert [each.name for each in kept(runs.get(name).folder)] == ["seven"]


def test_the_first_visit_does_not_count_them(open_page: Open) -> None:
    app = open_page("train")
    said = "\n".join(part.value for part in app.markdown)
    assert "From noise to digits" in said
    assert not [button for button in app.button if button.key.startswith("branch-")], "no card of a shipped run"


def test_each_has_a_look_of_its_own(runs: RunManager) -> None:
    names = [run.id for run in runs.runs()]
    looks = {name: run_look(name) for name in names}
    assert len(set(looks.values())) == len(names)
