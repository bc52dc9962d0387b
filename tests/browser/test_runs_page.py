"""The Runs page in a real browser, on three small finished runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tiny_runs import tiny

from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
RERUN_MS = 60_000
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> RunManager:
    """A finished gan-simple, gan-lab and wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    for preset in ("gan-simple", "gan-lab", "wgan-lab"):
        train(manager, preset)
    manager.shutdown()
    return manager


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: RunManager) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs.root)})


def train(manager: RunManager, preset: str) -> str:
    run = manager.start(tiny(preset, plan="8it"))
    assert run.wait(RUN_S)
    return run.id


def ids(runs: RunManager) -> dict[str, str]:
    """Preset -> run id."""
    return {run.config.preset: run.id for run in runs.runs()}


def open_page(page: Page, address: str, path: str) -> None:
    page.goto(f"{address}/{path}")
    expect(page.locator(".st-key-manage")).to_be_visible(timeout=RERUN_MS)
    settle(page)


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=RERUN_MS)


def test_a_run_is_chosen_exported_and_deleted(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    manager = RunManager(runs.root)
    one = train(manager, "gan-deep")
    manager.shutdown()
    newest = next(run.id for run in runs.runs() if run.id != one)
    open_page(page, address, f"runs?run={one}")
    details = page.locator(f".st-key-card-{one}")
    expect(details).to_be_visible()

    with page.expect_download() as download:
        page.locator(".st-key-downloads").get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == f"{one}.csv"
    rows = download.value.path().read_text().splitlines()
    assert rows[0].startswith("iteration,epoch,")
    assert len(rows) == 9
    settle(page)

    page.get_by_role("button", name="Delete").first.click()
    expect(page.get_by_text("It can be brought back until the trash is emptied.")).to_be_visible()
    assert (runs.root / one).is_dir()
    page.get_by_role("button", name="Move to trash").click()
    expect(details).to_have_count(0, timeout=RERUN_MS)
    expect(page).to_have_url(re.compile(f"run={newest}"), timeout=RERUN_MS)
    assert not (runs.root / one).exists()
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_a_click_in_the_table_chooses_the_run(page: Page, address: str, runs: RunManager) -> None:
    newest_first = [run.id for run in runs.runs()]
    before, wanted = ids(runs)["gan-lab"], ids(runs)["gan-simple"]
    open_page(page, address, f"runs?run={before}")
    table = page.get_by_test_id("stDataFrame").locator("canvas").first.bounding_box()
    assert table is not None
    page.mouse.click(table["x"] + 16, table["y"] + 37 + 35 * (newest_first.index(wanted) + 0.5))
    expect(page.locator(f".st-key-card-{wanted}")).to_be_visible(timeout=RERUN_MS)
    expect(page).to_have_url(f"{address}/runs?run={wanted}")
