"""The wall of galleries in a real browser: scrubbing, playing, picking, and what a rerun must not disturb."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny

from gancore.runs import RunManager

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).parent / "pages" / "gallery_wall_page.py"
RUN_S = 120
STOPS = ["0", "25", "50", "75", "100"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> RunManager:
    """A finished gan-simple, wgan-lab, cgan and pix2pix-half."""
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    for preset in ("gan-simple", "wgan-lab", "cgan", "pix2pix-half"):
        assert manager.start(tiny(preset, plan="4it")).wait(RUN_S)
    manager.shutdown()
    return manager


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: RunManager) -> str:
    return serve(PAGE, cwd=ROOT / "dashboard", env={"GANSCOPE_RUNS": str(runs.root)})


def ids(runs: RunManager, *presets: str) -> list[str]:
    known = {run.config.preset: run.id for run in runs.runs()}
    return [known[preset] for preset in presets]


def open_wall(page: Page, address: str, chosen: list[str], **asked: Any) -> Locator:
    page.goto(f"{address}/?{urlencode({'run': chosen, **asked}, doseq=True)}")
    wall = page.get_by_test_id("gallery-wall")
    expect(wall.locator(".wall-column")).to_have_count(len(chosen))
    settle(page)
    return wall


def settle(page: Page) -> None:
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def scrubber(wall: Locator) -> Locator:
    return wall.get_by_role("slider", name="Percent of the training")


def captions(wall: Locator) -> list[str]:
    return wall.locator(".wall-caption").all_inner_texts()


def tile(wall: Locator, number: int, name: str) -> Locator:
    return wall.get_by_role("button", name=re.compile(rf"^Sample {number}\b.* of {name} at"))


def told(page: Page, text: str) -> None:
    """Until Python has heard so."""
    expect(page.get_by_text(text)).to_be_visible()


def test_the_scrubber_moves_all_columns_without_the_server(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    wall = open_wall(page, address, ids(runs, "gan-simple", "wgan-lab", "pix2pix-half"))
    assert captions(wall) == ["100 % · iteration 4"] * 3
    assert wall.get_attribute("data-frames") == "15"
    expect(wall.get_by_role("img", name="Gallery of pix2pix-half at 100 %")).to_be_visible()
    shown = wall.locator(".wall-picture.shown")
    last = [picture.get_attribute("src") for picture in shown.all()]
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    scrubber(wall).press("ArrowLeft")
    # Told to Python only once it rests; shown at once.
    assert captions(wall) == ["75 % · iteration 3"] * 3
    assert not set(last) & {picture.get_attribute("src") for picture in shown.all()}
    scrubber(wall).press("Home")
    assert captions(wall) == ["0 % · iteration 0"] * 3
    expect(scrubber(wall)).to_have_attribute("aria-valuetext", "0 % of the training")
    scrubber(wall).fill("60")
    assert captions(wall) == ["50 % · iteration 2"] * 3
    told(page, "percent 50, picked None")
    assert [url for url in requests if not url.startswith("data:")] == []
    assert wall.get_attribute("data-mounts") == "1"
    assert watched.errors == []


def test_it_plays_round_and_round_until_it_is_paused(page: Page, address: str, runs: RunManager) -> None:
    wall = open_wall(page, address, ids(runs, "gan-simple", "wgan-lab"))
    wall.get_by_role("button", name="Play through the training").click()
    for percent in ("0", "25", "50"):
        expect(wall).to_have_attribute("data-percent", percent)
    page.get_by_role("button", name="Grow").click()
    settle(page)
    expect(wall.get_by_role("button", name="Pause")).to_be_visible()
    for percent in ("100", "0"):
        expect(wall).to_have_attribute("data-percent", percent)
    wall.get_by_role("button", name="Pause").click()
    at = wall.get_attribute("data-percent")
    told(page, f"percent {at}, picked None")
    page.wait_for_timeout(1300)
    assert wall.get_attribute("data-percent") == at


def test_nothing_moves_by_itself_where_no_motion_is_wanted(page: Page, address: str, runs: RunManager) -> None:
    page.emulate_media(reduced_motion="reduce")
    wall = open_wall(page, address, ids(runs, "gan-simple"), percent=25)
    wall.get_by_role("button", name="Next milestone").click()
    expect(wall).to_have_attribute("data-percent", "50")
    told(page, "percent 50, picked None")
    page.wait_for_timeout(1300)
    expect(wall).to_have_attribute("data-percent", "50")


def test_the_keyboard_reaches_a_tile_and_picks_it(page: Page, address: str, runs: RunManager) -> None:
    chosen = ids(runs, "gan-simple", "cgan")
    wall = open_wall(page, address, chosen)
    scrubber(wall).press("PageDown")
    page.keyboard.press("Tab")
    expect(tile(wall, 1, "gan-simple")).to_be_focused()
    page.keyboard.press("Tab")
    expect(tile(wall, 1, "cgan")).to_be_focused()
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft", "ArrowRight"):
        page.keyboard.press(key)
    sixth = wall.get_by_role("button", name="Sample 6, 5 of cgan at 75 %")
    expect(sixth).to_be_focused()
    page.keyboard.press("Enter")
    expect(sixth).to_have_attribute("aria-pressed", "true")
    told(page, f"percent 75, picked ('{chosen[1]}', 75.0, 5)")
    expect(sixth).to_be_focused()
    expect(wall.locator(".wall-tile.akin")).to_have_count(1)
    expect(page.get_by_text("Sample 6 of cgan at 75 %", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    told(page, "percent 75, picked None")


def test_what_the_reader_set_survives_reruns_and_new_milestones(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    chosen = ids(runs, "wgan-lab", "gan-simple")
    wall = open_wall(page, address, chosen, grow="")
    expect(wall.get_by_text("not reached yet")).to_be_visible()
    for press in ("ArrowLeft", "ArrowLeft"):
        scrubber(wall).press(press)
    tile(wall, 3, "wgan-lab").click()
    told(page, f"percent 50, picked ('{chosen[0]}', 50.0, 2)")
    for number, caption in enumerate(["0 % · iteration 0", "25 % · iteration 1", "50 % · iteration 2"]):
        page.get_by_role("button", name="Grow").click()
        expect(wall).to_have_attribute("data-frames", str(6 + number))
        assert captions(wall) == ["50 % · iteration 2", caption]
    page.get_by_role("button", name="Grow").click()
    expect(wall).to_have_attribute("data-frames", "9")
    page.get_by_text("Banner").click()
    expect(page.get_by_text("An element above the wall.")).to_be_visible()
    settle(page)
    assert captions(wall) == ["50 % · iteration 2"] * 2
    expect(scrubber(wall)).to_have_value("50")
    expect(tile(wall, 3, "wgan-lab")).to_have_attribute("aria-pressed", "true")
    told(page, f"percent 50, picked ('{chosen[0]}', 50.0, 2)")
    assert wall.get_attribute("data-mounts") == "1"
    assert watched.errors == []


def test_a_page_can_restore_what_was_set(page: Page, address: str, runs: RunManager) -> None:
    (run,) = ids(runs, "gan-simple")
    wall = open_wall(page, address, [run], percent=25, picked=[run, 25, 7])
    assert captions(wall) == ["25 % · iteration 1"]
    expect(tile(wall, 8, "gan-simple")).to_have_attribute("aria-pressed", "true")
    told(page, f"percent 25, picked ('{run}', 25.0, 7)")


def test_columns_lie_side_by_side_and_in_twos_on_a_phone(page: Page, address: str, runs: RunManager) -> None:
    chosen = ids(runs, "gan-simple", "wgan-lab", "cgan", "pix2pix-half")
    wall = open_wall(page, address, chosen)

    def places() -> list[tuple[int, int]]:
        boxes = [found.bounding_box() for found in wall.locator(".wall-column").all()]
        return [(round(box["x"]), round(box["y"])) for box in boxes if box]

    assert len({y for _, y in places()}) == 1
    assert len({x for x, _ in places()}) == len(chosen)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(wall).to_have_class(re.compile("narrow"))
    assert len({x for x, _ in places()}) == len({y for _, y in places()}) == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tile(wall, 16, "cgan").click()
    told(page, f"percent 100, picked ('{chosen[2]}', 100.0, 15)")


def test_a_tile_tells_its_story(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    chosen = ids(runs, "gan-simple", "cgan", "pix2pix-half")
    wall = open_wall(page, address, chosen)
    tile(wall, 2, "gan-simple").click()
    card = page.locator(".st-key-image-story")
    expect(card.locator(".story-opinions b")).to_have_count(1)
    strips = card.locator(".story-strip")
    expect(strips.nth(0).locator("img")).to_have_count(len(STOPS))
    expect(strips.nth(1).locator("img")).to_have_count(7)
    share = float(card.locator(".story-opinions b").inner_text())
    assert 0 <= share <= 1
    expect(card.get_by_text("cgan's discriminator has to be told a class")).to_be_visible()
    expect(card.get_by_text("judges a source and an image together")).to_be_visible()
    with page.expect_download() as download:
        card.get_by_role("button", name="Enlarged image").click()
    assert download.value.suggested_filename == f"{chosen[0]}-100-sample-2.png"
    assert watched.errors == []


def test_discriminators_judge_one_another(watched: Any, address: str, runs: RunManager) -> None:
    page: Page = watched.page
    open_wall(page, address, ids(runs, "gan-simple", "wgan-lab", "pix2pix-half"))
    card = page.locator(".st-key-cross-scores")
    card.get_by_role("button", name="Let them judge one another").click()
    expect(card.locator(".heatmaplayer")).to_be_attached()
    expect(card.locator(".annotation-text")).to_have_count(6)
    expect(card.get_by_text("A row is one run's discriminator")).to_be_visible()
    expect(card.get_by_text("pix2pix-half's discriminator judges a source")).to_be_visible()
    with page.expect_download() as download:
        card.get_by_role("button", name="CSV").click()
    assert len(download.value.path().read_text().splitlines()) == 7
    assert watched.errors == []
