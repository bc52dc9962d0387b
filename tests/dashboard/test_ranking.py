"""The Ranking page without a browser: what it says when there is little, and what it keeps apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from tiny_runs import tiny

from dashboard import engine, quality
from gancore.evaluate.evaluate import evaluate_run
from gancore.evaluate.ranking import Ranking, Verdict
from gancore.run import Run
from gancore.runs import RunManager

HOME = Path(__file__).resolve().parents[2] / "dashboard" / "home.py"
COUNT = 1000


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunManager]:
    """The manager the page sees, on an empty folder."""
    monkeypatch.setenv("GANSCOPE_RUNS", str(tmp_path / "runs"))
    engine.manager.cache_clear()
    yield engine.manager()
    engine.shutdown()
    engine.manager.cache_clear()


def open_page(**query: Any) -> AppTest:
    app = AppTest.from_file(HOME, default_timeout=60)
    app.switch_page("views/ranking.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["ranking.count"] = COUNT
    return without_error(app.run())


def without_error(app: AppTest) -> AppTest:
    assert [error.value for error in app.exception] == []
    return app


def said(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.info, *app.error, *app.subheader]
    return "\n".join(str(part.value) for part in parts)


def trained(runs: RunManager, preset: str = "gan-simple", **settings: Any) -> Run:
    run = runs.start(tiny(preset, plan="2it", **settings))
    assert run.wait(60)
    return run


@pytest.mark.usefixtures("runs")
def test_without_runs_a_card_leads_to_the_train_page() -> None:
    app = open_page()
    assert "Nothing to rank yet" in said(app)
    assert len(app.get("page_link")) == 1


def test_a_button_evaluates_and_keeps_the_choice_in_the_address(runs: RunManager) -> None:
    run = trained(runs)
    app = open_page(runs=[run.id, "gone"])
    assert app.query_params["runs"] == run.id
    without_error(app.button(key="evaluate").click().run())
    assert "against 1,797 images (all it has) of digits" in said(app)
    assert len(app.dataframe[0].value) == 1
    again = open_page(runs=run.id)
    assert [button.key for button in again.button if button.key == "evaluate"] == []


def test_what_cannot_be_evaluated_is_a_sentence(runs: RunManager) -> None:
    run = trained(runs)
    weights = run.milestones()[-1].weights
    assert weights is not None
    (run.folder.path / weights).write_bytes(b"damaged")
    app = open_page(runs=run.id)
    without_error(app.button(key="evaluate").click().run())
    assert "cannot be read as weights" in said(app)


def test_runs_on_different_data_stand_in_sections_of_their_own(runs: RunManager) -> None:
    one, other = trained(runs), trained(runs, seed=1)
    evaluate_run(one, COUNT)
    found = evaluate_run(other, COUNT).model_dump(mode="json") | {"data": "other-digits"}
    (other.folder.path / "evaluation.json").write_text(json.dumps([found]))
    app = open_page(runs=[one.id, other.id])
    assert {heading.value for heading in app.subheader} == {"digits", "other-digits"}
    assert "were measured differently" in said(app)


def test_runs_on_points_are_ranked_by_what_is_known_of_them(runs: RunManager) -> None:
    run = trained(runs, "ns-gan", data="ring")
    app = open_page(runs=run.id)
    without_error(app.button(key="evaluate").click().run())
    text = said(app)
    assert "2,500 samples each against 2,500 points of ring. Bars are" in text
    assert "so they are ranked by Sliced Wasserstein distance" in text
    assert "Copies of training images" not in text
    assert {"Modes covered", "High quality"} <= set(app.dataframe[0].value.columns)


def test_names_stand_for_ids_also_where_one_id_is_part_of_another() -> None:
    one, other = "gan-lab-mnist-1", "dcgan-lab-mnist-1"
    verdict = Verdict(one, other, 1.0, 0.5, 1.5, False, f"{one} is better than {other} by 1.")
    ranking = Ranking("frechet", (), (verdict,))
    assert quality.sentences(ranking, {one: "gan-lab-mnist", other: "dcgan"}) == [
        "**gan-lab-mnist** is better than **dcgan** by 1."
    ]
