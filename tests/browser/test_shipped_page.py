"""Shipped runs in a real browser: every page shows them at first, and their samples become a data set."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[2]
SHELF = ROOT / "checkpoints" / "starters"
PATIENCE_MS = 90_000
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"

pytestmark = pytest.mark.browser


def environment(folder: Path) -> dict[str, str]:
    """No runs, and the shelf."""
    return {"GANSCOPE_RUNS": str(folder), "GANSCOPE_STARTERS": str(SHELF)}


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=PATIENCE_MS
    )


@pytest.mark.slow
def test_every_page_shows_shipped_runs_before_the_first_training(
    watched: Any, serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve(ROOT / "dashboard" / "app.py", env=environment(tmp_path))
    page: Page = watched.page
    shown = {
        "": '[class*="st-key-first-visit"]',
        "compare": '[data-testid="curve-panel"] canvas, [data-testid="curve-panel"] svg',
        "plane": '[class*="st-key-plane"]',
        "latent": '[data-testid="stTabs"]',
        "ranking": '[data-testid="stPlotlyChart"]',
        "runs": '[class*="st-key-card-quick-mnist"]',
    }
    for name, selector in shown.items():
        page.goto(f"{address}/{name}")
        settle(page)
        expect(page.locator(selector).first).to_be_visible(timeout=PATIENCE_MS)
        assert page.get_by_test_id("stException").count() == 0
        assert page.get_by_test_id("stAlertContentError").count() == 0
    page.goto(f"{address}/plane")
    settle(page)
    expect(page.get_by_text("r3gan-ring").first).to_be_visible()


def test_samples_are_downloaded_as_a_labelled_set(watched: Any, serve: Callable[..., str], tmp_path: Path) -> None:
    script = Path(__file__).parent / "pages" / "sample_set_page.py"
    address = serve(script, cwd=ROOT, env={**environment(tmp_path), "PYTHONPATH": str(ROOT)})
    page: Page = watched.page
    page.goto(address)
    settle(page)
    card = page.locator('[class*="st-key-sample-set-cgan-mnist"]').first
    expect(card.get_by_text("Each sample's class is the one that the generator was told.")).to_be_visible()
    count = card.get_by_label("Samples in the set")
    count.fill("50")
    count.press("Enter")
    settle(page)
    card.get_by_text("As many of each class").click()
    settle(page)
    expect(card.get_by_text("gancore dataset cgan-mnist --out cgan-mnist-samples --count 50")).to_be_visible()
    card.get_by_role("button", name="Make the data set").click()
    settle(page)
    expect(card.get_by_text("50 samples from seed 0")).to_be_visible(timeout=PATIENCE_MS)
    with page.expect_download() as waited:
        card.get_by_role("button", name="Download").click()
    assert waited.value.suggested_filename == "cgan-mnist-folder-50.zip"
    with zipfile.ZipFile(io.BytesIO(Path(waited.value.path()).read_bytes())) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("cgan-mnist-samples/manifest.json"))
    assert sum(name.endswith(".png") for name in names) == 50
    assert set(manifest["counts"].values()) == {5}
    assert manifest["labels_from"] == "condition"
