"""The latent-space page in a real browser, on a run made here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from gancore.recipes import configure
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
RERUN_MS = 30_000
# An address below a page's own is asked for first and missing; Streamlit then asks at the root.
NOT_OURS = "404 (Not Found)"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    runs = tmp_path_factory.mktemp("runs")
    manager = RunManager(runs)
    run = manager.start(configure("gan-simple", data="digits", plan="8it"))
    assert run.wait(RUN_S)
    manager.shutdown()
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs)})


def open_page(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/latent{query}")
    expect(page.locator(".latent-tiles img").first).to_be_visible(timeout=60_000)


def settle(page: Page) -> None:
    """Until no script runs and the widgets, whose code comes when first needed, are drawn."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning", timeout=RERUN_MS)
    expect(page.get_by_role("slider").first).to_be_attached(timeout=RERUN_MS)
    page.wait_for_function("document.getAnimations().length === 0")


def middle(page: Page) -> Locator:
    return page.locator(".latent-tiles.between img").nth(1)


def test_a_slider_moved_by_keyboard_moves_the_image_in_place(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_page(page, address)
    settle(page)
    ends = [page.locator(".latent-tiles.between img").nth(index).get_attribute("src") for index in (0, 2)]
    before = middle(page).get_attribute("src") or ""
    strip = page.locator(".latent-tiles.strip")
    place = strip.bounding_box()
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowRight")
    expect(middle(page)).not_to_have_attribute("src", before, timeout=RERUN_MS)
    expect(page.get_by_text("51 % of the way")).to_be_visible(timeout=RERUN_MS)
    slider.press("Home")
    expect(middle(page)).to_have_attribute("src", ends[0] or "", timeout=RERUN_MS)
    slider.press("End")
    expect(middle(page)).to_have_attribute("src", ends[1] or "", timeout=RERUN_MS)
    settle(page)
    assert strip.bounding_box() == place
    assert "run=gan-simple-digits-" in page.url
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_views_milestones_and_downloads(watched: Any, address: str, tmp_path: Path) -> None:
    page: Page = watched.page
    open_page(page, address, "?at=0+%25")
    settle(page)
    untrained = middle(page).get_attribute("src") or ""
    page.get_by_text("100 %", exact=True).first.click()
    expect(middle(page)).not_to_have_attribute("src", untrained, timeout=RERUN_MS)
    settle(page)
    with page.expect_download() as film:
        page.get_by_role("button", name="Animation (GIF)").click()
    film.value.save_as(tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as picture:
        assert picture.n_frames > 2  # type: ignore[attr-defined]
    page.get_by_role("tab", name="Directions").click()
    expect(page.get_by_text("Change: none yet")).to_be_visible(timeout=RERUN_MS)
    slider = page.get_by_role("slider").nth(0)
    slider.focus()
    slider.press("End")
    expect(page.get_by_text("Change: orange brighter, blue darker")).to_be_visible(timeout=RERUN_MS)
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("Change: none yet")).to_be_visible(timeout=RERUN_MS)
    page.get_by_role("tab", name="Four corners").click()
    expect(page.get_by_alt_text("8 by 8 images between the seeds 1, 2, 3, 4")).to_be_visible(timeout=RERUN_MS)
    assert "view=Four" in page.url
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_a_phone_shows_everything_within_its_width(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for view in ("Walk", "Directions", "Four+corners"):
        open_page(page, address, f"?view={view}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for picture in page.locator(".latent-tiles img").all():
            box = picture.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
            assert box["width"] >= 50
