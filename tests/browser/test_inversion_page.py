"""The tab that finds an image, in a real browser: choose or upload, mask, start, stop, look, and edit from there."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from gancore.recipes import configure
from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
RUN_S = 120
SEARCH_MS = 60_000
NOT_OURS = "404 (Not Found)"


@pytest.fixture(scope="module")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    manager = RunManager(runs)
    run = manager.start(configure("gan-simple", data="digits", plan="8it"))
    assert run.wait(RUN_S)
    manager.shutdown()
    return runs


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs_folder: Path) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs_folder)})


def open_tab(page: Page, address: str) -> None:
    page.goto(f"{address}/latent?view=find")
    expect(page.get_by_test_id("mask-painter")).to_be_visible(timeout=SEARCH_MS)
    settle(page)


def settle(page: Page) -> None:
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def steps(page: Page, count: int) -> None:
    page.get_by_text("Settings", exact=True).click()
    field = page.get_by_role("spinbutton", name="Steps")
    field.fill(str(count))
    field.press("Enter")
    settle(page)


def drawing() -> bytes:
    """A black stroke on white paper."""
    picture = Image.new("RGB", (200, 160), "white")
    ImageDraw.Draw(picture).line((100, 30, 100, 130), fill="black", width=16)
    picture.save(buffer := io.BytesIO(), "PNG")
    return buffer.getvalue()


def test_an_image_of_the_data_is_repaired_and_edited_on(watched: object, address: str, runs_folder: Path) -> None:
    page: Page = watched.page  # type: ignore[attr-defined]
    open_tab(page, address)
    steps(page, 40)
    painter = page.get_by_test_id("mask-painter")
    canvas = painter.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.8 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"], steps=8)
    page.mouse.up()
    painted = int(painter.get_attribute("data-hidden") or 0)
    assert 50 < painted < 200
    expect(page.get_by_role("button", name="Repair")).to_be_visible()
    painter.get_by_role("button", name="Erase").click()
    canvas.focus()
    for _press in range(9):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    erased = int(painter.get_attribute("data-hidden") or 0)
    assert 0 < erased < painted
    painter.get_by_role("button", name="Lower half").click()
    expect(painter).to_have_attribute("data-hidden", str(14 * 28))
    settle(page)

    page.get_by_role("button", name="Repair").click()
    expect(page.get_by_text("In the hidden part, which the search did not see")).to_be_visible(timeout=SEARCH_MS)
    expect(page.get_by_text("A typical image of the data")).to_be_visible(timeout=SEARCH_MS)
    captions = page.locator(".inversion-tiles:not(.small) figcaption")
    assert [text.split(":")[0] for text in captions.all_inner_texts()] == ["target", "found", "difference", "blended"]
    expect(page.locator(".story-strip figure")).to_have_count(7, timeout=SEARCH_MS)
    settle(page)
    with page.expect_download() as blended:
        page.get_by_role("button", name="Blended (PNG)").click()
    with Image.open(blended.value.path()) as picture:
        assert picture.size == (448, 448)

    name = page.get_by_role("textbox", name="Name")
    name.fill("my repair")
    name.press("Enter")
    settle(page)
    page.get_by_role("button", name="Edit from here").click()
    page.wait_for_url(re.compile("z=kept"))
    asked = parse_qs(urlsplit(page.url).query)
    (run,) = asked["run"]
    assert asked["z"] == ["kept:my repair"]
    assert asked["view"] == ["directions"]
    expect(page.get_by_role("tab", name="Directions")).to_have_attribute("aria-selected", "true")
    (kept,) = json.loads((runs_folder / run / "latents.json").read_text())
    assert kept["name"] == "my repair"
    assert "found for image" in kept["source"]
    assert [error for error in watched.errors if NOT_OURS not in error] == []  # type: ignore[attr-defined]


def test_an_uploaded_drawing_is_searched_for_until_stopped(page: Page, address: str) -> None:
    open_tab(page, address)
    page.get_by_text("Upload", exact=True).first.click()
    upload = page.locator("[data-testid=stFileUploader] input")
    upload.set_input_files({"name": "words.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text("Words.png is not a picture; expected a PNG")).to_be_visible()
    page.get_by_role("button", name="Remove words.png").click()
    upload.set_input_files({"name": "one.png", "mimeType": "image/png", "buffer": drawing()})
    expect(page.get_by_text("the picture one.png; paint over")).to_be_visible()
    steps(page, 5000)
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_text(re.compile(r"Step \d+ of 5000, error"))).to_be_visible(timeout=SEARCH_MS)
    expect(page.get_by_text("best so far")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile(r"Stopped at step \d+ of 5000"))).to_be_visible(timeout=SEARCH_MS)
    expect(page.get_by_role("button", name="Edit from here")).to_be_visible()
    expect(page.get_by_role("button", name="Find", exact=True)).to_be_enabled()


def test_a_sample_is_found_on_a_phone(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_tab(page, address)
    page.get_by_text("A sample", exact=True).click()
    expect(page.get_by_text("the sample of seed 1; paint over")).to_be_visible()
    steps(page, 20)
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_text("A typical image of the data")).to_be_visible(timeout=SEARCH_MS)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
