"""The Compare and Runs pages without a browser: what they say when there is little, or something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import tiny

from dashboard import engine
from dashboard.chart_options import SMOOTHING
from dashboard.run_colors import run_look
from gancore.data import load
from gancore.errors import DataError
from gancore.run import Run
from gancore.runs import RunManager

HOME = Path(__file__).resolve().parents[2] / "dashboard" / "home.py"
RUN_S = 60

Open = Callable[..., AppTest]


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunManager]:
    """The manager the pages see, on an empty folder."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path / "runs"))
    engine.manager.cache_clear()
    yield engine.manager()
    engine.shutdown()
    engine.manager.cache_clear()


@pytest.fixture
def open_page(runs: RunManager) -> Open:
    """A function that opens a page by its name, with query parameters."""

    def show(page: str, **query: Any) -> AppTest:
        app = AppTest.from_file(HOME, default_timeout=RUN_S)
        app.switch_page(f"views/{page}.py")
        for name, value in query.items():
            app.query_params[name] = value
        return without_error(app.run())

    return show


def without_error(app: AppTest) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


def trained(runs: RunManager, preset: str = "gan-lab", **settings: Any) -> Run:
    run = runs.start(tiny(preset, plan="4it", **settings))
    assert run.wait(RUN_S)
    return run


def said(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


@pytest.mark.parametrize(("page", "heading"), [("compare", "Nothing to compare yet"), ("runs", "No runs yet")])
def test_without_runs_a_card_leads_to_the_train_page(open_page: Open, page: str, heading: str) -> None:
    app = open_page(page)
    assert heading in said(app)
    assert len(app.get("page_link")) == 1


def test_one_run_alone_is_shown_with_a_hint(open_page: Open, runs: RunManager) -> None:
    run = trained(runs)
    app = open_page("compare")
    assert app.multiselect(key="runs").value == [run.id]
    assert "There is one run so far" in said(app)


def test_the_latest_two_are_chosen_at_first_and_the_url_overrules(open_page: Open, runs: RunManager) -> None:
    old, middle, new = trained(runs), trained(runs, "wgan-lab"), trained(runs, seed=2)
    newest_first = [run.id for run in runs.runs()]
    assert {old.id, middle.id, new.id} == set(newest_first)
    app = open_page("compare")
    assert app.multiselect(key="runs").value == newest_first[:2]
    assert app.query_params["runs"] == newest_first[:2]
    linked = open_page("compare", runs=["gone", old.id, middle.id])
    assert linked.multiselect(key="runs").value == [old.id, middle.id]
    assert linked.query_params["runs"] == [old.id, middle.id]
    without_error(linked.multiselect(key="runs").unselect(old.id).run())
    assert linked.query_params["runs"] == middle.id


def test_nothing_chosen_asks_for_a_choice(open_page: Open, runs: RunManager) -> None:
    trained(runs)
    app = open_page("compare")
    without_error(app.multiselect(key="runs").set_value([]).run())
    assert "Choose runs above" in said(app)
    assert not app.dataframe


def board(app: AppTest) -> dict[str, Any]:
    """What the page gave its board of curves."""
    (found,) = (
        json.loads(element.proto.json)
        for element in app.get("bidi_component")
        if element.proto.component_name.endswith("ganscope_curve_board")
    )
    return found


def test_the_tables_compare_what_differs(open_page: Open, runs: RunManager) -> None:
    one, two = trained(runs, seed=1), trained(runs, seed=2)
    app = open_page("compare", runs=[one.id, two.id])
    results, differing = (table.value for table in app.dataframe)
    assert list(results["Run"]) == ["gan-lab · seed 1", "gan-lab · seed 2"]
    assert list(results["State"]) == ["finished", "finished"]
    assert list(results[" "]) == [run_look(run.id).mark for run in (one, two)]
    assert differing.to_dict("records") == [{"Setting": "Seed", "gan-lab · seed 1": "1", "gan-lab · seed 2": "2"}]


def test_the_board_draws_what_the_address_asks_for(open_page: Open, runs: RunManager) -> None:
    one, two = trained(runs, seed=1), trained(runs, seed=2)
    plain = board(open_page("compare", runs=[one.id, two.id]))
    assert [run["name"] for run in plain["runs"]] == ["gan-lab · seed 1", "gan-lab · seed 2"]
    assert [run["color"] for run in plain["runs"]] == [run_look(run.id).color for run in (one, two)]
    assert [panel["key"] for panel in plain["panels"]][:4] == [
        "generator_loss",
        "discriminator_loss",
        "d_real",
        "d_fake",
    ]
    assert (plain["xAxis"], plain["smoothing"], plain["logY"], plain["clip"]) == (
        "iteration",
        SMOOTHING,
        False,
        False,
    )
    assert (plain["baseline"], plain["bands"], plain["forks"], plain["live"]) == ("", [], [], False)
    asked = board(
        open_page(
            "compare",
            runs=[one.id, two.id],
            charts=["Losses"],
            x="Seconds",
            smoothing="0.2",
            log="true",
            clip="true",
            baseline="gan-lab · seed 2",
            bands="true",
        )
    )
    assert [panel["key"] for panel in asked["panels"]] == ["generator_loss", "discriminator_loss"]
    assert (asked["xAxis"], asked["smoothing"], asked["logY"], asked["clip"]) == ("elapsed_s", 0.2, True, True)
    assert (asked["baseline"], asked["baselineName"]) == (two.id, "gan-lab · seed 2")
    assert asked["bands"] == [[one.id, two.id]]


def test_no_charts_chosen_asks_for_some(open_page: Open, runs: RunManager) -> None:
    trained(runs)
    app = open_page("compare")
    without_error(app.get("button_group")[0].set_value([]).run())
    assert "Choose which charts to show above" in said(app)


def test_an_unknown_run_is_a_friendly_card(open_page: Open, runs: RunManager) -> None:
    run = trained(runs)
    app = open_page("runs", run="nonsense")
    assert "This run cannot be shown" in said(app)
    assert run.id in said(app)
    without_error(app.button(key="show-newest").click().run())
    assert app.query_params["run"] == run.id
    assert "This run cannot be shown" not in said(app)


def test_a_bad_length_is_explained_and_starts_nothing(open_page: Open, runs: RunManager) -> None:
    run = trained(runs)
    app = open_page("runs", run=run.id)
    without_error(app.text_input(key=f"longer-{run.id}").set_value("soon").run())
    without_error(app.button(key=f"train-longer-{run.id}").click().run())
    assert "Expected a length such as 3ep" in said(app)
    assert runs.get(run.id).status().state == "finished"


def test_a_finished_run_trains_longer(open_page: Open, runs: RunManager) -> None:
    run = trained(runs)
    app = open_page("runs", run=run.id)
    without_error(app.text_input(key=f"longer-{run.id}").set_value("+4it").run())
    assert "8 iterations in all." in said(app)
    without_error(app.button(key=f"train-longer-{run.id}").click().run())
    assert runs.get(run.id).wait(RUN_S)
    assert runs.get(run.id).status().iteration == 8


def test_what_the_engine_refuses_is_a_card(
    open_page: Open, runs: RunManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(runs)
    app = open_page("runs", run=run.id)
    held = run.folder.lock.acquire()
    without_error(app.button(key=f"train-longer-{run.id}").click().run())
    assert "is trained by another process" in said(app)
    held.lock.release()


def test_a_run_is_deleted_by_its_id(open_page: Open, runs: RunManager) -> None:
    kept, gone = trained(runs, seed=1), trained(runs, seed=2)
    app = open_page("runs", run=gone.id)
    without_error(app.button(key=f"delete-{gone.id}").click().run())
    assert [run.id for run in runs.runs()] == [kept.id]
    assert app.query_params["run"] == kept.id


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_lost_gallery_is_a_sentence_and_the_page_stays(
    open_page: Open, runs: RunManager, content: bytes | None
) -> None:
    run = trained(runs)
    picture = run.folder.path / run.galleries()[0].image
    picture.unlink()
    if content is not None:
        picture.write_bytes(content)
    app = open_page("train")
    assert f"{picture} is missing or cannot be read as an image" in said(app)
    assert [button.key for button in app.button if button.key == "start"]


@pytest.mark.parametrize("name", ["~nobody-here/pictures", "x" * 5000])
def test_an_impossible_folder_is_a_sentence(open_page: Open, name: str) -> None:
    app = open_page("train")
    without_error(app.selectbox(key="train.data").select("folder").run())
    without_error(app.text_input(key="folder").input(name).run())
    assert "There is no folder" in said(app)
    with pytest.raises(DataError, match="there is no data set or folder"):
        load(name)
