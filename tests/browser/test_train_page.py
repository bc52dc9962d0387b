"""A first visitor's way: start, watch, zoom, pause, step, reload, stop; several runs by one click; what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from steered import until
from train_page import (
    PATIENCE_MS,
    badges,
    card_of,
    choose,
    choose_budget,
    choose_option,
    enter,
    field,
    is_too_wide,
    newest_card,
    open_train,
    panel,
    pause,
    press,
    rows,
    run_id_of,
    run_ids,
    settle,
    start,
    start_button,
    stop,
    stored,
    wait_for_rows,
)

ROOT = Path(__file__).resolve().parents[2]


def x_range(card: Locator) -> list[float]:
    found: list[float] = panel(card).evaluate(
        "figure => figure.querySelector('.js-plotly-plot')._fullLayout.xaxis.range.map(Number)"
    )
    return found


def drag(card: Locator) -> None:
    """Choose the middle of the first chart's x axis."""
    box = panel(card).locator(".nsewdrag").bounding_box()
    assert box is not None
    mouse, middle = card.page.mouse, box["y"] + box["height"] / 2
    mouse.move(box["x"] + 0.3 * box["width"], middle)
    mouse.down()
    mouse.move(box["x"] + 0.6 * box["width"], middle, steps=5)
    mouse.up()


def test_start_watch_zoom_pause_step_stop_and_reload(watched: Any, address: str, runs: Path) -> None:
    page: Page = watched.page
    open_train(page, address)
    card = start(page, "gan-lab", 200_000)
    run_id = run_id_of(card)
    steps = page.locator(".st-key-first-visit")
    expect(steps.get_by_role("button", name="Train digits")).to_be_disabled()
    expect(steps.get_by_text("· done")).to_have_count(1)
    wait_for_rows(card, wait_for_rows(card, 0))  # the curve grows

    drag(card)
    reset = panel(card).get_by_role("button", name="Reset zoom")
    expect(reset).to_be_visible()
    zoomed, mounts = x_range(card), card.get_by_test_id("curve-board").get_attribute("data-mounts")
    for _ in range(2):
        wait_for_rows(card, rows(card))
    assert x_range(card) == zoomed
    assert card.get_by_test_id("curve-board").get_attribute("data-mounts") == mounts
    reset.click()
    expect(reset).to_be_hidden()

    pause(card)
    until(lambda: stored(runs, run_id, "status.json")["state"] == "paused")  # stored after it is shown
    paused_at = stored(runs, run_id, "status.json")["iteration"]
    press(card, "Step")
    expect(card.get_by_text(f"iteration {paused_at + 1:,}")).to_be_visible()
    until(lambda: stored(runs, run_id, "status.json")["iteration"] == paused_at + 1)

    page.reload()
    card = newest_card(page, "gan-lab")
    expect(badges(card, "paused")).to_be_visible()
    press(card, "Resume")
    expect(badges(card, "running")).to_be_visible()
    wait_for_rows(card, paused_at + 1)
    expect(card.get_by_text(re.compile(r"Classes covered: \d+ of 10"))).to_be_visible(timeout=3 * PATIENCE_MS)
    assert wait_for_rows(card, 0, "frechet") > 0

    stop(card)
    assert stored(runs, run_id, "status.json")["state"] == "stopped"
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    expect(card.get_by_role("img", name=re.compile("^Samples of gan-lab.* at 0 %"))).to_be_visible()
    assert watched.errors == []


@pytest.mark.parametrize(
    "budget",
    [
        ("images seen", "64", "64img"),
        # Other tests train for these.
        pytest.param(("minutes", "0.01", "0.6s"), marks=pytest.mark.slow),
        pytest.param(("epochs", "0.02", "0.02ep"), marks=pytest.mark.slow),
        pytest.param(("generator updates", "3", "3it"), marks=pytest.mark.slow),
    ],
)
def test_one_click_starts_presets_and_seeds_with_an_equal_budget(
    page: Page, address: str, runs: Path, budget: tuple[str, str, str]
) -> None:
    unit, amount, plan = budget
    before = run_ids(runs)
    open_train(page, address)
    choose(page, "gan-lab", "gan-simple")
    choose_budget(page, unit, amount)
    enter(page.get_by_role("spinbutton", name="Seed", exact=True), "7")
    enter(page.get_by_role("spinbutton", name="Seeds", exact=True), "2")
    expect(start_button(page)).to_have_text(re.compile("Start 4 runs"))
    start_button(page).click()
    until(lambda: len(run_ids(runs) - before) == 4)
    new = run_ids(runs) - before
    until(lambda: {stored(runs, run_id, "status.json")["state"] for run_id in new} == {"finished"})
    started = [stored(runs, run_id, "config.json") for run_id in new]
    found = sorted((config["preset"], config["seed"], config["plan"]) for config in started)
    assert found == [(preset, seed, plan) for preset in ("gan-lab", "gan-simple") for seed in (7, 8)]


def test_each_preset_may_keep_its_own_length(page: Page, address: str) -> None:
    open_train(page, address)
    choose(page, "gan-simple", "wgan-lab")
    own = page.get_by_role("textbox", name="How many")
    expect(own).to_be_disabled()
    expect(own).to_have_value(re.compile(r"^\d+ep( / \d+ep)?$"))
    choose_option(page, "Budget", "epochs")
    expect(page.get_by_role("spinbutton", name="How many")).to_be_enabled()


def test_a_short_run_shows_five_galleries(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_train(page, address)
    card = start(page, "gan-simple", 40)
    expect(badges(card, "finished")).to_be_visible(timeout=PATIENCE_MS)
    for percent, iteration in ((0, 0), (25, 10), (50, 20), (75, 30), (100, 40)):
        picture = card.get_by_role("img", name=re.compile(f" at {percent} % · iteration {iteration}$"))
        picture.scroll_into_view_if_needed()
        expect(picture).to_be_visible()
        assert picture.evaluate("img => img.decode().then(() => img.naturalWidth > 100)")
    assert watched.errors == []


@pytest.mark.slow
def test_chosen_charts_appear_and_stay_over_a_reload(watched: Any, address: str) -> None:
    page: Page = watched.page
    open_train(page, address)
    run_id = run_id_of(start(page, "gan-simple", 40))
    card = card_of(page, run_id)
    expect(badges(card, "finished")).to_be_visible(timeout=PATIENCE_MS)
    charts = page.locator(".st-key-charts")
    expect(panel(card, "losses")).to_be_attached()
    for group in ("Gradients", "Updates"):
        charts.get_by_role("button", name=group).click()
        assert wait_for_rows(card, 0, group.lower()) > 0
    charts.get_by_role("button", name="Discriminator").click()
    expect(panel(card, "discriminator")).to_have_count(0)
    choose_option(page, "Horizontal axis", "Images seen")
    expect(panel(card)).to_have_attribute("aria-label", "Loss over Images seen")
    page.get_by_text("Log losses").click()
    page.wait_for_function(
        "document.querySelector('[data-panel=losses] .js-plotly-plot')._fullLayout.yaxis.type === 'log'"
    )
    expect(page).to_have_url(re.compile("charts=Gradients&charts=Updates"))

    page.reload()
    expect(panel(card, "updates")).to_be_attached()
    expect(panel(card, "gradients")).to_be_attached()
    expect(panel(card, "discriminator")).to_have_count(0)
    # After a reload the server is asked for its health beside the page's own address first.
    assert [error for error in watched.errors if "404" not in error] == []


def test_an_error_stands_beside_its_field(page: Page, address: str, runs: Path) -> None:
    before = run_ids(runs)
    open_train(page, address)
    page.get_by_text("All settings").click()
    page.get_by_role("tab", name="quick").click()
    rate = field(page.get_by_role("tabpanel"), "Learning rate")
    for wrong, told in (("fast", "Expected a valid number"), ("5", "at most 1, found '5'")):
        enter(rate, wrong)
        expect(page.get_by_text(told)).to_be_visible()
        expect(start_button(page)).to_be_disabled()
    enter(rate, "0.001")
    expect(start_button(page)).to_be_enabled()
    assert run_ids(runs) == before


def test_a_phone_starts_watches_and_stops(watched: Any, address: str) -> None:
    page: Page = watched.page
    page.set_viewport_size({"width": 390, "height": 844})
    open_train(page, address)
    card = start(page, "gan-lab", 200_000)
    wait_for_rows(card, 0)
    assert not is_too_wide(page)
    pause(card)
    card.get_by_text("Steer", exact=True).click()
    expect(card.get_by_role("radio", name="G alone")).to_be_visible()
    assert not is_too_wide(page)
    stop(card)
    settle(page)
    assert not is_too_wide(page)
    assert watched.errors == []


def test_missing_data_is_one_sentence_and_offers_the_digits(
    page: Page, serve: Callable[..., str], tmp_path: Path
) -> None:
    # Every download goes to a closed port of this machine.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    folders = {"GANSCOPE_RUNS": str(tmp_path / "runs"), "GANCORE_DATA": str(tmp_path / "data")}
    open_train(page, serve(ROOT / "dashboard" / "app.py", env={**nowhere, **folders}))
    choose(page, "gan-lab")
    choose_option(page, "Data set", "KMNIST")
    start_button(page).click()
    expect(page.get_by_text("could not be downloaded")).to_contain_text(str(tmp_path / "data" / "KMNIST" / "raw"))
    page.get_by_role("button", name="Use the bundled digits").click()
    expect(page.get_by_text("could not be downloaded")).to_have_count(0)
    start_button(page).click()
    card = newest_card(page, "gan-lab")
    expect(badges(card, "running")).to_be_visible()
    stop(card)
