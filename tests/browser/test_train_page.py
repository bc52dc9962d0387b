"""The way of a first visitor: start, watch, zoom, pause, stop, see the galleries, reload, start a second variant."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path) -> str:
    return serve(ROOT / "dashboard" / "app.py", env={"GANSCOPE_RUNS": str(runs)})


def open_train(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def choose(page: Page, wanted: str) -> None:
    """Leave only ``wanted`` chosen; ``quick`` is chosen at first."""
    page.get_by_role("button", name=wanted, exact=True).click()
    page.get_by_role("button", name="quick", exact=True).click()
    expect(page.get_by_test_id("stMarkdown").filter(has_text=re.compile(f"^{wanted} "))).to_have_count(1)


def choose_data(page: Page, name: str) -> None:
    """Open the menu when the page is still, as a rerun that ends meanwhile closes it again."""
    field, option = page.get_by_role("combobox", name="Data set"), page.get_by_role("option", name=re.compile(name))
    for _ in range(10):
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        field.click()
        with contextlib.suppress(TimeoutError):
            option.click(timeout=3_000)
            break
    expect(field).to_have_value(re.compile(name))


def start(page: Page, plan: str) -> None:
    field = page.get_by_role("textbox", name="Planned length")
    field.fill(plan)
    field.press("Enter")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(field).to_have_value(plan)
    button = page.get_by_role("button", name="Start", exact=True)
    expect(button).to_be_enabled()
    button.click()


def first_card(page: Page) -> Locator:
    return page.locator('[class*="st-key-card-"]').first


def curves(card: Locator) -> Locator:
    """The chart of the losses; below it is the one of quality, once there is some."""
    return card.locator('[data-testid=live-chart][data-key^="chart-"]')


def points(card: Locator) -> int:
    return int(curves(card).get_attribute("data-points") or 0)


def wait_for_points(card: Locator, more_than: int) -> None:
    expect(curves(card)).to_be_attached()
    card.page.wait_for_function(
        "([key, n]) => +document.querySelector(`[data-testid=live-chart][data-key='${key}']`).dataset.points > n",
        arg=[curves(card).get_attribute("data-key"), more_than],
        timeout=60_000,
    )


def x_range(card: Locator) -> list[float]:
    return curves(card).evaluate("el => el.querySelector('.js-plotly-plot')._fullLayout.xaxis.range.map(Number)")


def statuses(runs: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(runs.glob("*/status.json"))]


def test_start_watch_zoom_pause_step_stop_and_reload(watched: Any, address: str, runs: Path) -> None:
    page: Page = watched.page
    open_train(page, address)
    choose(page, "gan-lab")
    start(page, "200000it")
    card = first_card(page)
    wait_for_points(card, 0)
    wait_for_points(card, points(card))  # the curve grows

    box = card.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.autorange === false")
    zoomed, mounts = x_range(card), curves(card).get_attribute("data-mounts")
    for _ in range(3):
        wait_for_points(card, points(card))
    assert x_range(card) == zoomed
    assert curves(card).get_attribute("data-mounts") == mounts

    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_text("paused")).to_be_visible()
    paused_at = statuses(runs)[0]["iteration"]
    card.get_by_role("button", name="Step").click()
    expect(card.get_by_text(f"iteration {paused_at + 1:,}")).to_be_visible()
    assert statuses(runs)[0]["iteration"] == paused_at + 1

    page.reload()
    card = first_card(page)
    expect(card.get_by_text("paused")).to_be_visible()
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_text("running")).to_be_visible()
    wait_for_points(card, paused_at + 1)
    expect(card.get_by_text(re.compile(r"Classes covered: \d+ of 10"))).to_be_visible(timeout=180_000)
    chart = card.locator('[data-testid=live-chart][data-key^="quality-"]')
    expect(chart).to_have_attribute("data-mounts", "1", timeout=180_000)

    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_text("stopped")).to_be_visible()
    assert statuses(runs)[0]["state"] == "stopped"
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    expect(card.get_by_role("img", name=re.compile("^Samples of gan-lab.* at 0 %"))).to_be_visible()
    assert watched.errors == []


def test_a_short_run_shows_five_galleries_beside_the_first(watched: Any, address: str, runs: Path) -> None:
    page: Page = watched.page
    open_train(page, address)
    choose(page, "gan-simple")
    start(page, "40it")
    card = page.locator('[class*="st-key-card-gan-simple"]')
    expect(card.get_by_text("finished")).to_be_visible(timeout=60_000)
    for percent, iteration in ((0, 0), (25, 10), (50, 20), (75, 30), (100, 40)):
        picture = card.get_by_role("img", name=re.compile(f" at {percent} % · iteration {iteration}$"))
        expect(picture).to_be_visible()
        assert picture.evaluate("img => img.complete && img.naturalWidth > 100")
    assert page.locator('[class*="st-key-card-"]').count() >= 1
    assert watched.errors == []


def test_an_error_stands_beside_its_field(page: Page, address: str) -> None:
    open_train(page, address)
    field = page.get_by_role("textbox", name="Planned length")
    field.fill("3 bananas")
    field.press("Enter")
    expect(page.get_by_text("Unknown unit 'bananas'")).to_be_visible()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_disabled()
    field.fill("3ep")
    field.press("Enter")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()


def test_missing_data_is_one_sentence_and_offers_the_digits(
    page: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    # Every download goes to a closed port of this machine.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    folders = {"GANSCOPE_RUNS": str(tmp_path / "runs"), "GANCORE_DATA": str(tmp_path / "data")}
    open_train(page, serve(ROOT / "dashboard" / "app.py", env={**nowhere, **folders}))
    choose(page, "gan-lab")
    choose_data(page, "KMNIST")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("could not be downloaded")).to_contain_text(str(tmp_path / "data" / "KMNIST" / "raw"))
    page.get_by_role("button", name="Use the bundled digits").click()
    expect(page.get_by_text("could not be downloaded")).to_have_count(0)
    page.get_by_role("button", name="Start", exact=True).click()
    card = first_card(page)
    expect(card.get_by_text("running")).to_be_visible()
    card.get_by_role("button", name="Stop").click()
    expect(card.get_by_text("stopped")).to_be_visible()
