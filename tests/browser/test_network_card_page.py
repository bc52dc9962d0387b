"""The networks on a run's card, on a desk and on a phone; a snapshot stays while the card refreshes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tiny_runs import tiny
from train_page import open_train, rows, start, stop, wait_for_rows

from gancore.runs import RunManager

APP = Path(__file__).parent / "pages" / "tiny_app.py"
NOT_OURS = "404 (Not Found)"
RUN_S = 60


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], runs: Path) -> str:
    manager = RunManager(runs)
    run = manager.start(tiny("sagan", plan="4it"))
    assert run.wait(RUN_S)
    manager.shutdown()
    return serve(APP, env={"GANSCOPE_RUNS": str(runs)})


def networks(page: Page) -> Locator:
    return page.locator('[class*="st-key-networks-"]').first


def open_runs(page: Page, address: str) -> None:
    page.goto(f"{address}/runs")
    expect(networks(page)).to_be_attached(timeout=60_000)


def take_snapshot(page: Page) -> Locator:
    """Open the networks when the page is still, as what it draws for the first time closes them, and press."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
    card, button = networks(page), networks(page).get_by_role("button", name="Take a snapshot")
    card.locator("summary").click()
    expect(button).to_be_visible()
    button.click()
    expect(card.get_by_role("table")).to_have_count(2, timeout=60_000)
    return card


def sides(tables: Locator) -> list[dict[str, float]]:
    return [box for box in (table.bounding_box() for table in tables.all()) if box is not None]


def test_both_networks_stand_side_by_side_on_a_desk(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_runs(page, address)
    card = take_snapshot(page)
    generator, discriminator = sides(card.get_by_role("table"))
    assert generator["y"] == pytest.approx(discriminator["y"], abs=2)
    assert generator["x"] + generator["width"] < discriminator["x"]
    row = card.get_by_role("row", name="Linear 8 → 196")
    expect(row.get_by_role("cell").nth(0)).to_have_text("196")
    expect(row.get_by_role("cell").nth(1)).to_have_text("1,568")
    assert card.get_by_role("rowheader").count() > 20
    card.get_by_text("All numbers").click()
    expect(card.get_by_role("columnheader", name="Weight gradient, RMS")).to_have_count(2)
    assert [error for error in watched.errors if NOT_OURS not in error] == []


def test_a_phone_shows_names_and_bars_without_sideways_scrolling(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_runs(page, address)
    card = take_snapshot(page)
    generator, discriminator = sides(card.get_by_role("table"))
    assert generator["y"] + generator["height"] < discriminator["y"]
    expect(card.get_by_role("columnheader", name="Parameters", exact=True)).to_have_count(0)
    expect(card.get_by_role("columnheader", name="Gradient")).to_have_count(2)
    expect(card.get_by_role("rowheader", name="Linear 8 → 196")).to_contain_text("196 · 1,568")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert card.locator(".network").evaluate_all("all => all.every(e => e.scrollWidth <= e.clientWidth)")


@pytest.mark.slow
def test_a_snapshot_of_a_live_run_stays_while_its_card_refreshes(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_train(page, address)
    run = start(page, "gan-lab", 200_000)
    wait_for_rows(run, 0)
    card = take_snapshot(page)
    said = card.get_by_text("At iteration").inner_text()
    for _ in range(3):  # the card has refreshed three times
        wait_for_rows(run, rows(run))
    expect(card.get_by_role("table").first).to_be_visible()
    assert card.get_by_text("At iteration").inner_text() == said
    stop(run)
    expect(networks(page).get_by_text("At iteration")).to_have_text(said)
    assert [error for error in watched.errors if NOT_OURS not in error] == []
