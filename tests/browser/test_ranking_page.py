"""The Ranking page in a real browser: two small runs are evaluated and ranked."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import tiny

from gancore.evaluate.evaluate import evaluate_run, stored_evaluation
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
RERUN_MS = 90_000
COUNT = 1000
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> RunManager:
    """Two ended runs, the first of which is evaluated already."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    for seed in (1, 2):
        run = manager.start(tiny("gan-simple", plan="4it", seed=seed))
        assert run.wait(RUN_S)
        if seed == 1:
            evaluate_run(run, COUNT)
    manager.shutdown()
    return manager


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: RunManager) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs.root)})


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=RERUN_MS)


def choose_count(page: Page) -> None:
    page.get_by_role("combobox", name="Samples").click()
    page.get_by_role("option", name=f"{COUNT:,}", exact=True).click()
    settle(page)


def test_runs_are_evaluated_ranked_and_downloaded(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    second, first = (run.id for run in runs.runs())
    page.goto(f"{address}/ranking?runs={first}&runs={second}")
    choose_count(page)
    page.get_by_role("button", name="Evaluate 1 run").click()
    expect(page.get_by_text("1 of 1 evaluated")).to_be_visible(timeout=RERUN_MS)
    settle(page)
    assert stored_evaluation(runs.get(second), count=COUNT) is not None

    charts = page.locator("[class*='st-key-ranking-chart-0-']")
    expect(charts).to_have_count(11)
    expect(page.locator(".st-key-ranking-chart-0-frechet .errorbar").first).to_be_attached()
    expect(page.get_by_text("95 % interval of the difference").first).to_be_visible()
    expect(page.get_by_text("2 seeds: mean")).to_be_visible()
    expect(page.locator("[class*='st-key-copies-'] img")).to_have_count(2)

    buttons = page.locator(".st-key-ranking-downloads")
    with page.expect_download() as download:
        buttons.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    assert {row["run"] for row in rows} == {first, second}
    assert len(rows) == 2 * 11
    with page.expect_download() as download:
        buttons.get_by_role("button", name="JSON").click()
    assert {entry["run"] for entry in json.loads(download.value.path().read_text())} == {first, second}
    expect(page.get_by_role("button", name="Evaluate")).to_have_count(0)
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_it_fits_a_phone_and_keeps_what_was_evaluated(page: Page, address: str, runs: RunManager) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    first = runs.runs()[-1].id
    page.goto(f"{address}/ranking?runs={first}")
    choose_count(page)
    expect(page.locator(".st-key-ranking-chart-0-frechet .main-svg").first).to_be_visible(timeout=RERUN_MS)
    expect(page.get_by_role("button", name="Evaluate")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
