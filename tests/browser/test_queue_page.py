"""The queue on the Train page: order, withdrawing, runs at once, progress and time left."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from train_page import (
    PATIENCE_MS,
    choose,
    choose_budget,
    enter,
    is_too_wide,
    newest_card,
    open_train,
    pause,
    run_ids,
    settle,
    start_button,
    stop,
    stored,
)


def start_runs(page: Page, preset: str, seed: int, count: int) -> None:
    """Start runs of a minute each, which differ by seed."""
    choose(page, preset)
    choose_budget(page, "minutes", "1")
    enter(page.get_by_role("spinbutton", name="Seed", exact=True), str(seed))
    enter(page.get_by_role("spinbutton", name="Seeds", exact=True), str(count))
    start_button(page).click()


def queue(page: Page) -> Locator:
    return page.locator(".st-key-queue")


def waiting(page: Page) -> Locator:
    return queue(page).locator('[class*="st-key-waiting-"]')


def expect_order(page: Page, *seeds: int) -> None:
    """Wait until runs of these seeds wait, in this order, each with its place and its minute."""
    texts = [
        re.compile(rf"{place}\. gan-simple · seed {seed} .* takes about 1:00")
        for place, seed in enumerate(seeds, start=1)
    ]
    expect(waiting(page)).to_have_text(texts, timeout=PATIENCE_MS)


def act(page: Page, seed: int, action: str) -> None:
    """Press a button of the run of this seed that waits, when its row is no longer there twice."""
    settle(page)
    button(page, seed, action).click()


def button(page: Page, seed: int, action: str) -> Locator:
    row = waiting(page).filter(has_text=f"seed {seed} ")
    return row.get_by_role("button", name=re.compile(f"^{action}.*gan-simple"))


def at_once(page: Page) -> Locator:
    return queue(page).get_by_role("spinbutton", name="Runs at once")


def seconds_left(page: Page) -> int:
    text = queue(page).get_by_test_id("stProgress").inner_text()
    found = re.search(r"about (\d+):(\d\d) left", text)
    assert found, text
    return 60 * int(found[1]) + int(found[2])


@pytest.mark.slow
def test_runs_that_wait_are_reordered_withdrawn_and_let_in(page: Page, address: str, runs: Path) -> None:
    # Two that are paused hold both places, so that the others stand still.
    for preset in ("gan-lab", "wgan-lab"):
        open_train(page, address)
        start_runs(page, preset, 0, 1)
        pause(newest_card(page, preset))
    open_train(page, address)
    start_runs(page, "gan-simple", 1, 4)
    expect_order(page, 1, 2, 3, 4)
    expect(queue(page)).to_contain_text("2 training, 4 waiting")
    expect(queue(page)).to_contain_text(re.compile(r"\d+ ?% of all · about [23]:\d\d left"))

    act(page, 3, "First")
    expect_order(page, 3, 1, 2, 4)
    act(page, 2, "Earlier")
    expect_order(page, 3, 2, 1, 4)
    act(page, 3, "Later")
    expect_order(page, 2, 3, 1, 4)
    for seed, action in ((2, "First"), (2, "Earlier"), (4, "Later")):
        expect(button(page, seed, action)).to_be_disabled()

    act(page, 1, "Take")
    expect_order(page, 2, 3, 4)
    (gone,) = [run for run in run_ids(runs) if stored(runs, run, "status.json")["state"] == "stopped"]
    assert stored(runs, gone, "config.json")["seed"] == 1
    expect(page.locator(f".st-key-card-{gone}")).to_have_count(0)

    before = seconds_left(page)
    enter(at_once(page), "1")
    expect(queue(page)).to_contain_text(re.compile("about [34]:"))
    assert seconds_left(page) > before, "one after the other takes longer"
    expect_order(page, 2, 3, 4)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(at_once(page)).to_be_visible()
    assert not is_too_wide(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    enter(at_once(page), "3")
    card = newest_card(page, "gan-simple")
    expect(card).to_be_visible(timeout=PATIENCE_MS)
    expect_order(page, 3, 4)
    expect(queue(page)).to_contain_text("3 training, 2 waiting")
    for seed in (3, 4):
        act(page, seed, "Take")
        expect(waiting(page).filter(has_text=f"seed {seed} ")).to_have_count(0)
    stop(card)
    for preset in ("gan-lab", "wgan-lab"):
        settle(page)
        stop(newest_card(page, preset))
    expect(queue(page)).to_have_count(0)
